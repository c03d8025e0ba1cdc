export default function Page() {
  return <p>sharray</p>;
}
