// What a person would see of the report, as numbers.
(() => {
  const rgb = (text) => {
    const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
    return { r, g, b, a };
  };
  const luminance = ({ r, g, b }) => {
    const [x, y, z] = [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const contrast = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = rgb(getComputedStyle(e).backgroundColor);
      if (colour.a === 1) return colour;
    }
    return rgb("rgb(255, 255, 255)");
  };
  const paper = ground(document.body);

  const pale = [];
  const spilling = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode.textContent.trim();
    const owner = texts.currentNode.parentElement;
    if (!text || owner.closest("title, svg")) continue;
    const range = document.createRange();
    range.selectNodeContents(texts.currentNode);
    const frame = owner.closest(".scroll") ? null : owner.closest(".fact, p, figure, body").getBoundingClientRect();
    if (frame && range.getBoundingClientRect().right > frame.right + 0.5) spilling.push(text.slice(0, 40));
    const c = contrast(rgb(getComputedStyle(owner).color), ground(owner));
    if (c < 4.5) pale.push(`${text.slice(0, 40)} (${owner.className || owner.localName}): ${c.toFixed(1)}`);
  }

  return {
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    scrolling: [...document.querySelectorAll(".scroll")].filter((e) => e.scrollWidth > e.clientWidth).map((e) => e.innerText.slice(0, 40)),
    spilling,
    pale: [...new Set(pale)],
    dark: luminance(paper) < 0.2,
    bars: [...document.querySelectorAll("rect")].filter((e) => e.getBoundingClientRect().width > 0).length,
    cells: [...document.querySelectorAll(".map .cell")].map((e) => {
      const box = e.getBoundingClientRect();
      return { about: e.title, width: box.width, height: box.height, contrast: contrast(rgb(getComputedStyle(e).backgroundColor), paper) };
    }),
  };
})();
