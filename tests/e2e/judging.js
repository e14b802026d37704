// What is judged of a page at one width, all in one call: calls into the page cost more than much of what they ask.

const FOCUSABLE = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]";

// Another width, or a mouse that went away, sets things going a frame later; sizes mean something at their end.
async function atRest() {
  await new Promise((rested) => requestAnimationFrame(() => requestAnimationFrame(rested)));
  await Promise.allSettled(document.getAnimations().map((one) => one.finished));
}

// Everything by which axe-core tells what is there for whom: `display` only as far as it hides, or makes a table.
function structure() {
  return [...document.body.querySelectorAll("*")]
    .map((one) => {
      const style = getComputedStyle(one);
      const display = style.display === "none" || one.closest("table") ? style.display : "";
      return [display, style.visibility, style.clip, style.clipPath, style.position === "absolute"].join();
    })
    .join("\n");
}

// In one column whatever the keyboard reaches next stands beside what it reached before, or below it (WCAG 2.4.3);
// the cells of a row stand beside each other.
function outOfOrder() {
  const reached = [...document.querySelectorAll(FOCUSABLE)].filter((one) => {
    const box = one.getBoundingClientRect();
    return one.tabIndex >= 0 && !one.disabled && box.width > 1 && box.height > 1 && one.checkVisibility();
  });
  const boxes = reached.map((one) => (one.closest("tr") ?? one).getBoundingClientRect());
  return reached.slice(1).filter((_, at) => boxes[at + 1].bottom < boxes[at].top + 1).map((one) => one.outerHTML);
}

// Style sheets are fetched once more to ask them about turning a phone; those of other pages were asked there.
function sheetsAreKnown() {
  const sheets = [...document.styleSheets].map((one) => one.href).join(" ");
  const known = sessionStorage.getItem("sheets judged") === sheets;
  sessionStorage.setItem("sheets judged", sheets);
  return known;
}

// `again`: the page was judged at another width before, so that, unless something came or went with the width, only
// `changing` rules can find anything else. `column`: the width is one at which everything stands in one column.
async function judge({ options, changing, again, column }) {
  await atRest();
  const now = structure();
  const same = again && now === globalThis.structureJudged;
  globalThis.structureJudged = now;
  const runOnly = same ? { type: "rule", values: changing } : options.runOnly;
  const found = await axe.run(document, { ...options, runOnly, preload: !sheetsAreKnown() });
  return {
    width: document.documentElement.scrollWidth,
    unordered: column ? outOfOrder() : [],
    problem: document.querySelector("dl.tongban-quote") !== null,
    violations: found.violations,
  };
}
