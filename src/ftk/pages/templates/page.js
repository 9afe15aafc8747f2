"use strict";
(() => {
  const root = document.documentElement, PAGE = 25;

  // Light or dark: as the system has it, until the button is pressed. A page from a disk may keep nothing.
  const theme = document.getElementById("theme");
  const kept = (value) => { try { return value === undefined ? localStorage.getItem("ftk-theme") : localStorage.setItem("ftk-theme", value); } catch { return null; } };
  if (["light", "dark"].includes(kept())) root.dataset.theme = kept();
  theme.hidden = false;
  theme.addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    kept(root.dataset.theme);
  });

  for (const button of document.querySelectorAll("button.copy")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      try { await navigator.clipboard.writeText(button.parentElement.querySelector("code").textContent); button.textContent = "Copied"; }
      catch { button.textContent = "Not allowed"; }
    });
  }

  // Tables: a click on a heading sorts by its column, first the highest number or the first letter.
  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const rows = [...body.rows], numbers = rows.some((row) => row.cells[column].dataset.sort !== undefined);
        const was = head.getAttribute("aria-sort"), first = numbers ? "descending" : "ascending";
        const order = was === first ? (numbers ? "ascending" : "descending") : first, sign = order === "ascending" ? 1 : -1;
        const value = (row) => { const cell = row.cells[column]; return numbers ? (cell.dataset.sort === undefined ? null : Number(cell.dataset.sort)) : cell.textContent; };
        rows.sort((a, b) => {
          const x = value(a), y = value(b);
          if (x === null || y === null) return (x === null) - (y === null);
          return sign * (numbers ? x - y : x.localeCompare(y));
        });
        heads.forEach((one) => one.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", order);
        body.append(...rows);
      });
    });
  }

  // Examples: all are data; so many are elements as are shown.
  const element = (name, text, className) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  };
  const written = (item) => {
    const li = element("li"), meta = element("p", undefined, "meta");
    item.m.forEach(([name, value], at) => {
      if (at) meta.append(" \u00b7 ");
      if (name) meta.append(name + " ");
      meta.append(element("b", value));
    });
    li.append(meta);
    for (const [name, parts] of item.t) {
      const p = element("p");
      if (name) p.append(element("span", name + ": ", "meta"));
      for (const part of parts) {
        if (typeof part === "string") { p.append(part); continue; }
        const mark = element("mark", part[0], part[1]);
        if (/^(for|against)\d/.test(part[1])) mark.title = part[2];
        else if (part[2]) mark.append(element("small", part[2]));
        p.append(mark);
      }
      li.append(p);
    }
    return li;
  };
  for (const box of document.querySelectorAll(".examples")) {
    const items = JSON.parse(document.getElementById(box.dataset.examples).textContent);
    const orders = JSON.parse(box.dataset.orders), list = box.querySelector("ol"), more = box.querySelector(".more");
    const search = box.querySelector("input"), kind = box.querySelector("[data-role=kind]"), order = box.querySelector("[data-role=order]");
    const texts = items.map((item) => [
      ...item.m.map((pair) => pair[1]), ...item.t.flatMap(([, parts]) => [parts.map((part) => typeof part === "string" ? part : part[0]).join("")]),
    ].join("\n").toLowerCase());
    const kinds = new Map();
    for (const item of items) for (const name of item.k) kinds.set(name, (kinds.get(name) || 0) + 1);
    kind.parentElement.hidden = !kinds.size;
    for (const [name, number] of [...kinds].sort((a, b) => b[1] - a[1]).slice(0, 200)) {
      const option = element("option", `${name} (${number})`);
      option.value = name;
      kind.append(option);
    }
    orders.forEach(([name], at) => { const option = element("option", name); option.value = at; order.append(option); });
    let found = [], shown = 0;
    const show = () => {
      list.append(...found.slice(shown, shown + PAGE).map((at) => written(items[at])));
      shown = Math.min(found.length, shown + PAGE);
      more.hidden = shown >= found.length;
      box.querySelector(".count").textContent = `${found.length.toLocaleString("en")} of ${items.length.toLocaleString("en")} examples` + (shown < found.length ? `, the first ${shown}` : "");
    };
    const update = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean), name = kind.value;
      const [, key, down] = orders[Number(order.value) || 0];
      found = [...items.keys()].filter((at) => (!name || items[at].k.includes(name)) && words.every((word) => texts[at].includes(word)));
      if (key) found.sort((a, b) => {
        const x = items[a][key], y = items[b][key];
        if (x === null || y === null) return (x === null) - (y === null) || a - b;
        return (down ? y - x : x - y) || a - b;
      });
      list.replaceChildren();
      shown = 0;
      show();
    };
    search.addEventListener("input", update);
    kind.addEventListener("change", update);
    order.addEventListener("change", update);
    more.addEventListener("click", () => { const first = shown; show(); const next = list.children[first]; if (next) { next.tabIndex = -1; next.focus(); } });
    box.querySelector(".tools").hidden = false;
    update();
  }
  addEventListener("beforeprint", () => { for (const one of document.querySelectorAll("details")) one.open = true; });
})();
