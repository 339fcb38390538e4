// Click on a heading to sort by it; without scripts the table reads as it stands. Folded parts are opened for print.
for (const head of document.querySelectorAll("details.all th")) {
  const button = document.createElement("button");
  button.textContent = head.textContent;
  head.replaceChildren(button);
  button.onclick = () => {
    const turn = head.ariaSort === "ascending" ? -1 : 1, body = head.closest("table").tBodies[0], at = head.cellIndex;
    const worth = row => row.cells[at].dataset.by ?? row.cells[at].textContent;
    const known = text => text !== "";
    const order = (a, b) => known(b) - known(a) || turn * (isNaN(a) || isNaN(b) ? a.localeCompare(b) : a - b);
    body.append(...[...body.rows].sort((a, b) => order(worth(a), worth(b))));
    for (const other of head.parentNode.cells) other.ariaSort = other === head ? (turn > 0 ? "ascending" : "descending") : "none";
  };
}
addEventListener("beforeprint", () => document.querySelectorAll("details:not(.long)").forEach(each => each.open = true));
