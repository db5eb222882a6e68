// What pages do besides being read. Without it they still work: nothing here is the only way to anything.
(() => {
  const tickMs = 3000;

  // Parts that keep themselves up to date listen for a tick; nothing ticks while nobody looks, or while something is selected.
  setInterval(() => {
    if (!isPaused && document.visibilityState === "visible" && String(document.getSelection() ?? "") === "")
      document.body.dispatchEvent(new Event("tick"));
  }, tickMs);

  // Whoever reads or listens can stop it.
  let isPaused = false;
  const head = document.querySelector(".head");
  if (head && document.querySelector(".live")) {
    const button = document.createElement("button");
    button.className = "small quiet";
    const show = () => {
      button.textContent = isPaused ? "Updates are paused: go on" : "Pause updates";
    };
    button.addEventListener("click", () => {
      isPaused = !isPaused;
      show();
    });
    show();
    (head.querySelector(".actions") ?? head).append(button);
  }

  // The menu closes by Escape, and the tab that is open is in sight.
  document.addEventListener("keydown", (event) => {
    const menu = document.querySelector("details.menu[open]");
    if (event.key !== "Escape" || !menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  const tab = document.querySelector(".tabs [aria-current]");
  if (tab) tab.closest(".tabs").scrollLeft = tab.offsetLeft - tab.closest(".tabs").clientWidth / 2 + tab.offsetWidth / 2;

  // A table needs a stop of the Tab key only where it can be scrolled.
  const stops = () => {
    for (const table of document.querySelectorAll(".table")) table.tabIndex = table.scrollWidth > table.clientWidth ? 0 : -1;
  };
  addEventListener("resize", stops);

  document.addEventListener("submit", (event) => {
    const question = event.submitter?.dataset.confirm;
    if (question && !confirm(question)) event.preventDefault();
  });

  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(button.parentElement.querySelector("pre").textContent);
    button.textContent = "Copied";
    setTimeout(() => {
      button.textContent = "Copy";
    }, 1500);
  });

  const prepare = () => {
    for (const part of document.querySelectorAll("noscript")) part.remove(); // a part that was read again has them as elements
    stops();
    for (const button of document.querySelectorAll("[data-copy]")) button.hidden = !navigator.clipboard;
    for (const figure of document.querySelectorAll("figure[data-chart]")) draw(figure);
  };

  const drawn = new WeakMap();

  // A chart is drawn from the table in its figure: the first column is time (data-at, seconds), the others are figures (data-value).
  function draw(figure) {
    const rows = [...figure.querySelectorAll(".table tbody tr")];
    const place = figure.querySelector(".plot");
    if (!window.uPlot || rows.length < 2 || !place) return;
    const figureOf = (cell) => (cell.dataset.value === "" ? null : Number(cell.dataset.value));
    const columns = [...figure.querySelectorAll(".table thead th")];
    const data = columns.map((_, index) => rows.map((row) => (index === 0 ? Number(row.cells[0].dataset.at) : figureOf(row.cells[index]))));
    // A live part is read again every few seconds: what has not changed stays as it is, under the reader's cursor.
    const text = JSON.stringify(data);
    if (drawn.get(place) === text) return;
    drawn.set(place, text);
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => paint(style.getPropertyValue(`--${name}`));
    const line = { stroke: colour("soft"), grid: { stroke: colour("line"), width: 1 }, ticks: { show: false }, font: "12px system-ui" };
    const names = (figure.dataset.colours ?? "accent good busy bad soft").split(" ");
    const isBars = figure.dataset.chart === "bars";
    const series = columns.slice(1).map((column, index) => {
      const stroke = colour(names[index % names.length]);
      const shape = isBars ? { paths: uPlot.paths.bars({ size: [0.7, 40] }), fill: stroke } : { width: 2 };
      return {
        label: column.textContent,
        stroke,
        points: { show: false },
        value: (_, value) => (value == null ? "" : grouped(value)),
        ...shape,
      };
    });
    place.replaceChildren();
    const half = isBars ? (data[0][1] - data[0][0]) / 2 : 0; // the first and the last bar stand inside, too
    const options = {
      width: place.clientWidth,
      height: 200,
      padding: [null, 28, null, null],
      tzDate: (at) => uPlot.tzDate(new Date(at * 1000), "Etc/UTC"),
      axes: [
        { ...line, ...timeAxis(data[0]) },
        {
          ...line,
          size: 56,
          values: (_, splits) => splits.map(grouped),
          ...(data.slice(1).flat().every(isWhole) ? { incrs: wholes } : {}),
        },
      ],
      series: [{ label: columns[0].textContent, value: (_, at) => (at == null ? "" : exactly(at)) }, ...series],
      scales: { x: { range: (_, low, high) => [low - half, high + half] }, y: { range: (_, low, high) => [Math.min(0, low), high || 1] } },
      cursor: { y: false },
    };
    const plot = new uPlot(options, data, place);
    new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: 200 })).observe(place);
  }

  const isWhole = (value) => value === null || Number.isInteger(value);
  const wholes = Array.from({ length: 12 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat();
  const grouped = (value) => String(value).replace(/\B(?<!\.\d*)(?=(\d{3})+(?!\d))/g, "\u202f");

  const daySeconds = 86400;
  const exactly = (at) => new Date(at * 1000).toISOString().slice(0, 16).replace("T", " ").replace(" 00:00", "");

  // Hours are named by the clock, but for midnight, which is named by its day, like days; months are named by month.
  function timeAxis(moments) {
    const step = moments[1] - moments[0];
    const nameOfDay = new Intl.DateTimeFormat("en", { month: "short", day: "numeric", timeZone: "UTC" });
    if (step < daySeconds)
      return {
        values: (_, splits) =>
          splits.map((at) => (at % daySeconds === 0 ? nameOfDay.format(at * 1000) : new Date(at * 1000).toISOString().slice(11, 16))),
        space: 60,
        incrs: [1, 2, 3, 6, 12, 24, 48, 96, 168].map((hours) => hours * 3600),
      };
    const isMonths = step > 7 * daySeconds;
    const format = new Intl.DateTimeFormat("en", {
      month: "short",
      timeZone: "UTC",
      ...(isMonths ? { year: "numeric" } : { day: "numeric" }),
    });
    const values = (_, splits) => splits.map((at) => format.format(at * 1000));
    return isMonths
      ? {
          values,
          splits: (plot) => moments.filter((_, index) => index % Math.ceil((moments.length * 80) / Math.max(80, plot.width)) === 0),
        }
      : { values, space: 60, incrs: [1, 2, 5, 10, 20, 30, 60, 90, 180].map((days) => days * daySeconds) };
  }

  // light-dark() is resolved by the browser only where it is used.
  function paint(value) {
    const probe = document.body.appendChild(document.createElement("i"));
    probe.style.color = value;
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  }

  prepare();
  document.addEventListener("htmx:after:swap", prepare);
})();
