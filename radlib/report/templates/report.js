// Tables sort by a click on a heading, pictures grow by a click, and paper shows what is folded; without this script all is as it was written.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells], before = [...body.rows];
  const key = (row, column) => row.cells[column].dataset.sort ?? row.cells[column].textContent.trim();
  const sort = (column) => {
    const was = heads[column].getAttribute("aria-sort");
    const now = was === "ascending" ? "descending" : was === "descending" ? null : "ascending";
    const sign = now === "descending" ? -1 : 1;
    const compare = (a, b) => {
      const [x, y] = [key(a, column), key(b, column)];
      if (x === "" || y === "") return (x === "") - (y === "");  // what is missing stays last
      if (isNaN(x) !== isNaN(y)) return isNaN(x) - isNaN(y);  // and words behind numbers
      return sign * (isNaN(x) ? x.localeCompare(y) : x - y || 0);
    };
    heads.forEach((head, place) => {
      if (place === column && now) head.setAttribute("aria-sort", now);
      else head.removeAttribute("aria-sort");
    });
    body.append(...(now ? [...before].sort(compare) : before));
  };
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(column));
    head.append(button);
  });
}
for (const frame of document.querySelectorAll(".frame")) {
  const image = frame.querySelector("img");
  const grow = () => frame.setAttribute("aria-pressed", frame.classList.toggle("large"));
  const fits = () => image.naturalWidth <= image.clientWidth + 1 && !frame.classList.contains("large");
  const offer = () => {
    if (fits()) ["role", "tabindex", "aria-pressed", "title"].forEach((name) => frame.removeAttribute(name));
    else {
      frame.setAttribute("role", "button");
      frame.setAttribute("tabindex", "0");
      frame.setAttribute("aria-pressed", frame.classList.contains("large"));
      frame.title = "Full size, or fitted to the page";
    }
  };
  frame.addEventListener("click", () => fits() || grow());
  frame.addEventListener("keydown", (event) => {
    if ((event.key === "Enter" || event.key === " ") && !fits()) { event.preventDefault(); grow(); }
  });
  image.complete ? offer() : image.addEventListener("load", offer);
  window.addEventListener("resize", offer);
}
const folds = [...document.querySelectorAll("details")];
let closed = [];
window.addEventListener("beforeprint", () => {
  closed = folds.filter((fold) => !fold.open);
  closed.forEach((fold) => { fold.open = true; });
});
window.addEventListener("afterprint", () => closed.forEach((fold) => { fold.open = false; }));
const unfold = () => {
  const wanted = document.getElementById(location.hash.slice(1));
  for (let fold = wanted?.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  if (wanted) wanted.scrollIntoView();
};
window.addEventListener("hashchange", unfold);
document.querySelectorAll("nav a").forEach((link) => link.addEventListener("click", () => setTimeout(unfold)));
unfold();
