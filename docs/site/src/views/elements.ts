/** Makes elements of pages and of drawings. */

type Attributes = Readonly<Record<string, string | number>>;

export function html<N extends keyof HTMLElementTagNameMap>(
  name: N,
  attributes: Attributes = {},
  ...content: (Node | string)[]
): HTMLElementTagNameMap[N] {
  return filled(document.createElement(name), attributes, content);
}

export function svg<N extends keyof SVGElementTagNameMap>(
  name: N,
  attributes: Attributes = {},
  ...content: (Node | string)[]
): SVGElementTagNameMap[N] {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, content);
}

/** The element of the page with this id. */
export function byId<E extends HTMLElement>(id: string): E {
  return document.getElementById(id) as E;
}

/** A table: its first row are titles of columns, the first cell of every other row is the row's. */
export function table(caption: string, [titles, ...rows]: readonly (readonly string[])[]): HTMLTableElement {
  return html(
    "table",
    {},
    html("caption", {}, caption),
    html("thead", {}, html("tr", {}, ...titles!.map((title) => html("th", { scope: "col" }, title)))),
    html(
      "tbody",
      {},
      ...rows.map(([name, ...cells]) =>
        html("tr", {}, html("th", { scope: "row" }, name!), ...cells.map((cell) => html("td", {}, cell))),
      ),
    ),
  );
}

/** Draws now, and again whenever the width of `place` changes, while it is on the page. @returns draws again */
export function drawn(place: HTMLElement, draw: (width: number) => void): () => void {
  const redraw = (): void => {
    if (place.clientWidth > 0) draw(place.clientWidth);
  };
  new ResizeObserver(redraw).observe(place);
  return redraw;
}

function filled<E extends Element>(element: E, attributes: Attributes, content: (Node | string)[]): E {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, `${value}`);
  element.append(...content);
  return element;
}
