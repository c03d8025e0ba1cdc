/** The visitor's own picture: chosen, or dropped anywhere on the page. */

import { byId } from "./elements.js";

export function acceptPictures(onPicture: (file: File) => void): void {
  const input = byId<HTMLInputElement>("file");
  const name = byId("file-name");
  const accept = (file: File | undefined): void => {
    if (file === undefined) return;
    if (!file.type.startsWith("image/")) {
      name.textContent = `${file.name} is no picture. Choose an image file.`;
      return;
    }
    name.textContent = `Your picture: ${file.name}`;
    onPicture(file);
  };
  input.addEventListener("change", () => accept(input.files?.[0]));
  const drop = byId("drop");
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  document.addEventListener("dragleave", () => drop.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    accept(event.dataTransfer?.files[0]);
  });
}
