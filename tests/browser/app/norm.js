export function norm(x) {
  let sum = 0;
  for (const v of x) sum += v * v;
  return Math.sqrt(sum);
}
