// The centre of the first element that a person can see and press, or null. Text is what
// it says in its first line, empty for anything.
(selector, text) => {
  for (const element of document.querySelectorAll(selector)) {
    if (element.disabled || !element.checkVisibility()) continue;
    if (text && element.innerText.trim().split("\n")[0].trim() !== text) continue;
    const box = element.getBoundingClientRect();
    if (box.top < 0 || box.bottom > innerHeight) element.scrollIntoView({ block: "center" });
    const at = { X: box.x + box.width / 2, Y: box.y + box.height / 2 };
    const top = document.elementFromPoint(at.X, at.Y);
    if (top && element.contains(top)) return at;
  }
  return null;
}
