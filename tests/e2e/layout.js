// What a picture of a page would show to be wrong, asked of the browser itself, so that no pixel is compared.

const CONTROL = "a[href], button, input:not([type=hidden]), select, textarea, summary";
const HAN = /\p{Script=Han}/u;
const CHINESE = /[\p{Script=Han}\u3000-\u303f\uff01-\uff60]/u; // with the full stops and brackets of Chinese sentences
const LATIN_WORDS = /[A-Za-z]{2,}\s+[A-Za-z]{2,}/;
const LABELS = "h1, h2, h3, label, legend, button, th, dt, caption, summary, title";

// For readers of a screen alone, or for nobody: a box of a pixel, or one that is clipped away.
function isShown(one) {
  const box = one.getBoundingClientRect();
  if (box.width <= 1 || box.height <= 1) return false;
  if (box.right + scrollX <= 0 || box.bottom + scrollY <= 0) return false; // waits beside the page for the keyboard
  if (!one.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false;
  for (let at = one; at; at = at.parentElement) {
    const style = getComputedStyle(at);
    const pixel = at.getBoundingClientRect().width <= 1 && style.overflow === "hidden";
    if (pixel || style.clip !== "auto" || style.clipPath !== "none") return false;
  }
  return true;
}

function scrolls(one) {
  for (let at = one; at && at !== document.body; at = at.parentElement) {
    if (["auto", "scroll"].includes(getComputedStyle(at).overflowX)) return true;
  }
  return false;
}

// Every piece of text that is shown, with the lines it takes.
function pieces() {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const one = node.parentElement;
    if (!node.data.trim() || one.closest("script, style, noscript, template, option, svg") || !isShown(one)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const lines = [...range.getClientRects()].filter((line) => line.width > 1 && line.height > 1);
    if (lines.length) found.push({ one, text: node.data.trim(), lines });
  }
  return found;
}

const told = (piece) => piece.text.slice(0, 60);

// Beyond the window, or beyond a box that shows no more of it than fits.
function cutOff(found) {
  const window = { left: 0, right: document.documentElement.clientWidth };
  const beside = (lines, box) => lines.some((line) => line.left < box.left - 1 || line.right > box.right + 1);
  const above = (lines, box) => lines.some((line) => line.top < box.top - 2 || line.bottom > box.bottom + 2);
  const hides = (way) => ["hidden", "clip"].includes(way);
  return found.filter(({ one, lines }) => {
    if (scrolls(one)) return false;
    if (beside(lines, window)) return true;
    for (let at = one; at && at !== document.body; at = at.parentElement) {
      const style = getComputedStyle(at);
      const box = at.getBoundingClientRect();
      if (hides(style.overflowX) && beside(lines, box)) return true;
      if (hides(style.overflowY) && above(lines, box)) return true;
    }
    return false;
  }).map(told);
}

// Two lines of different texts in one place: more than the tails of letters, which neighbouring lines may share.
function overlapping(found) {
  const lines = found.flatMap((piece) => piece.lines.map((box) => ({ piece, box })));
  lines.sort((one, other) => one.box.top - other.box.top);
  const wrong = new Set();
  for (let at = 0; at < lines.length; at++) {
    const { piece, box } = lines[at];
    for (let next = at + 1; next < lines.length && lines[next].box.top < box.bottom; next++) {
      const other = lines[next];
      if (other.piece === piece) continue;
      const width = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
      const height = Math.min(box.bottom, other.box.bottom) - other.box.top;
      const much = 0.4 * Math.min(box.height, other.box.height);
      if (width > 2 && height > much) wrong.add(`${told(piece)} / ${told(other.piece)}`);
    }
  }
  return [...wrong];
}

// A control that is there for the keyboard is there for the finger: shown, and nothing lies on it.
function covered() {
  const before = [scrollX, scrollY];
  const wrong = [...document.querySelectorAll(CONTROL)].filter((one) => {
    const label = one.labels?.[0];
    const box = one.getBoundingClientRect();
    if (one.disabled || one.tabIndex < 0 || box.width <= 1 || box.height <= 1) return false;
    if (!one.checkVisibility({ visibilityProperty: true }) || !(isShown(one) || label)) return false;
    one.scrollIntoView({ block: "center", inline: "nearest" });
    const line = one.getClientRects()[0];
    const met = document.elementFromPoint(line.left + line.width / 2, line.top + line.height / 2);
    return !(met && (one.contains(met) || met.contains(one) || label?.contains(met)));
  }).map((one) => one.outerHTML.slice(0, 120));
  scrollTo(...before);
  return wrong;
}

// Words in the other language that are not marked as such (WCAG 2.2 3.1.2); in Chinese, of what a page calls things.
function unmarked(found) {
  const english = document.documentElement.lang.startsWith("en");
  const other = english ? (text) => CHINESE.test(text) : (text) => LATIN_WORDS.test(text) && !HAN.test(text);
  return found.filter(({ one, text }) => {
    const same = one.closest("[lang]").lang.startsWith("en") === english;
    return same && (english || one.closest(LABELS)) && other(text);
  }).map(told);
}

// Chinese on a page in English that no template marked, but the kit, which marks all: whether it is a name is asked
// elsewhere.
function chinese(found) {
  if (!document.documentElement.lang.startsWith("en")) return [];
  return found.filter(({ one, text }) => HAN.test(text) && one.closest("[lang]").lang === "zh").map((piece) => piece.text);
}

async function layout() {
  await Promise.allSettled(document.getAnimations().map((one) => one.finished));
  const found = pieces();
  return {
    blank: !found.some(({ one }) => one.closest("main")),
    cutOff: cutOff(found),
    overlapping: overlapping(found),
    covered: covered(),
    unmarked: unmarked(found),
    chinese: chinese(found),
  };
}
