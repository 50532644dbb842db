// What the pages need of a script: the viewer's zone, ages that count on, and news from the server.
// Without it every page works; it is then as old as its last load.
"use strict";

(() => {
  const body = document.body;

  // The zone: told once in a cookie, so that the server writes times as this clock shows them.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const known = document.cookie.split("; ").find((one) => one.startsWith("recorder_zone="));
  if (zone && decodeURIComponent((known || "").split("=")[1] || "") !== zone) {
    document.cookie = `recorder_zone=${encodeURIComponent(zone)}; path=/; max-age=31536000; samesite=lax`;
    const told = document.cookie.includes("recorder_zone=");
    if (told && body.dataset.zone !== zone && !document.querySelector("[data-keep]")) {
      location.reload();
      return;
    }
  }

  const span = (seconds) => {
    if (seconds < 60) return `${seconds} s`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
    const minutes = Math.floor((seconds % 3600) / 60);
    return `${Math.floor(seconds / 3600)} h${minutes ? ` ${minutes} min` : ""}`;
  };

  // Ages are counted from how old the server said they were, so that this host's clock does not matter.
  const born = new WeakMap();
  const age = () => {
    for (const time of document.querySelectorAll("time[data-ago]")) {
      if (!born.has(time)) born.set(time, performance.now() / 1000 - seconds(time.textContent));
      const text = span(Math.max(0, Math.floor(performance.now() / 1000 - born.get(time))));
      if (time.textContent !== text) time.textContent = text;
    }
    for (const line of document.querySelectorAll("[data-now-at]")) moveNow(line);
  };
  const seconds = (text) => {
    let found = 0;
    for (const [, count, unit] of text.matchAll(/(\d+) (s|min|h|d)/g)) {
      found += Number(count) * { s: 1, min: 60, h: 3600, d: 86400 }[unit];
    }
    return found;
  };

  // The line of now on the timeline: drawn by the server, moved by its own pace in pixels a second.
  const moveNow = (line) => {
    if (!born.has(line)) born.set(line, performance.now());
    const moved = Number(line.dataset.nowAt) + ((performance.now() - born.get(line)) / 1000) * Number(line.dataset.pace);
    line.setAttribute("transform", `translate(${moved.toFixed(1)} 0)`);
  };

  const scrolled = () => {
    for (const box of document.querySelectorAll("[data-scroll-to]")) {
      if (!box.dataset.scrolled) box.scrollLeft = Number(box.dataset.scrollTo) - box.clientWidth / 3;
      box.dataset.scrolled = "1";
    }
  };

  // ---- news
  const busy = (element) => {
    const at = document.activeElement;
    return at && element.contains(at) && /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName) && at.type !== "hidden";
  };

  const set = (id, html) => {
    const element = document.getElementById(id);
    if (!element || busy(element)) return;
    const focused = element.contains(document.activeElement) ? document.activeElement : null;
    const mark = focused && (focused.id ? `#${CSS.escape(focused.id)}` : path(focused, element));
    const open = [...element.querySelectorAll("details[open][id]")].map((one) => one.id);
    const boxes = [...element.querySelectorAll("[data-scroll-to]")].map((one) => [one.id, one.scrollLeft, one.scrollTop]);
    element.innerHTML = html;
    for (const one of open) document.getElementById(one)?.setAttribute("open", "");
    for (const [one, left, top] of boxes) {
      const box = document.getElementById(one);
      if (box) { box.dataset.scrolled = "1"; box.scrollLeft = left; box.scrollTop = top; }
    }
    if (mark) (mark[0] === "#" ? document.querySelector(mark) : element.querySelector(mark))?.focus({ preventScroll: true });
  };

  const path = (element, within) => {
    const steps = [];
    for (let one = element; one !== within; one = one.parentElement) {
      steps.unshift(`${one.tagName.toLowerCase()}:nth-child(${[...one.parentElement.children].indexOf(one) + 1})`);
    }
    return `:scope > ${steps.join(" > ")}`;
  };

  const put = ({ id, in: place, key, html }) => {
    const table = document.getElementById(place);
    if (!table) return;
    const made = document.createElement("template");
    made.innerHTML = html.trim();
    const row = made.content.firstElementChild;
    const old = document.getElementById(id);
    const linked = old && old.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    if (old && old.parentElement === table && old.dataset.key === key) old.replaceWith(row);
    else {
      old?.remove();
      table.insertBefore(row, [...table.children].find((other) => other.dataset.key > key) || null);
    }
    if (linked) row.querySelector(`a[href="${CSS.escape(linked)}"]`)?.focus({ preventScroll: true });
    const most = Number(table.dataset.most || 0);
    while (most && table.children.length > most) table.lastElementChild.remove();
  };

  const news = (message) => {
    if (message.only) {
      const kept = new Set(message.only);
      for (const row of document.querySelectorAll("table.rows tbody tr[id]")) if (!kept.has(row.id)) row.remove();
    }
    for (const row of message.put || []) put(row);
    for (const id of message.drop || []) document.getElementById(id)?.remove();
    for (const [id, html] of Object.entries(message.set || {})) set(id, html);
    for (const table of document.querySelectorAll("table[data-empty]")) {
      const empty = document.getElementById(table.dataset.empty);
      if (empty) empty.hidden = table.tBodies[0].children.length > 0;
    }
    age();
    scrolled();
  };

  const follow = () => {
    const address = new URL(body.dataset.live, location.href);
    if (body.dataset.tick) address.searchParams.set("tick", body.dataset.tick);
    const source = new EventSource(address);
    const stale = document.getElementById("stale");
    source.onopen = () => { stale.hidden = true; };
    source.onmessage = (event) => {
      stale.hidden = true;
      body.dataset.news = String(Number(body.dataset.news || 0) + 1);
      news(JSON.parse(event.data));
    };
    source.onerror = () => {
      stale.hidden = false;
      if (source.readyState !== EventSource.CLOSED) { source.close(); }
      body.removeAttribute("data-tick"); // whoever answers next may not know our ticks: everything anew
      setTimeout(follow, 2000);
    };
    addEventListener("pagehide", () => source.close(), { once: true });
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.ask && !confirm(form.dataset.ask)) event.preventDefault();
    else if (form.method === "post") setTimeout(() => { for (const one of form.querySelectorAll("button")) one.disabled = true; });
  });
  document.addEventListener("change", (event) => {
    if (event.target.closest("form[data-auto]")) event.target.form.requestSubmit();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName)) {
      event.preventDefault();
      document.getElementById("find").focus();
    }
  });

  age();
  scrolled();
  setInterval(age, 1000);
  if (body.dataset.live) follow();
})();
