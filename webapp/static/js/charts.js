// Draws what /api/... serves with TradingView Lightweight Charts; colours are those of the style sheet.
"use strict";
(() => {
  const { createChart, createSeriesMarkers, AreaSeries, CandlestickSeries, HistogramSeries, LineSeries, LineStyle, CrosshairMode } = LightweightCharts;
  const THIN = "\u202f";
  const grouped = (value, decimals = 2) => {
    const [whole, part] = Math.abs(value).toFixed(decimals).split(".");
    const text = whole.replace(/\B(?=(\d{3})+$)/g, THIN) + (part ? `.${part}` : "");
    return (value < 0 && /[1-9]/.test(text) ? "\u2212" : "") + text;
  };

  function colour(name) {
    // A custom property holds light and dark; only a used colour says which one counts.
    const probe = document.createElement("span");
    probe.className = `probe probe-${name}`;
    document.body.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value;
  }
  const faint = (value, alpha) => value.replace(/rgba?\(([^)]+)\)/, (_, parts) => `rgba(${parts.split(",").slice(0, 3).join(",")}, ${alpha})`);

  function baseOptions() {
    return {
      autoSize: true,
      layout: {
        attributionLogo: false,
        background: { type: "solid", color: "transparent" },
        textColor: colour("muted"),
        fontFamily: getComputedStyle(document.body).fontFamily,
        fontSize: 12,
        panes: { separatorColor: colour("line"), separatorHoverColor: colour("line"), enableResize: false },
      },
      grid: { vertLines: { visible: false }, horzLines: { color: faint(colour("line"), 0.6) } },
      rightPriceScale: { borderVisible: false, entireTextOnly: true },
      timeScale: { borderVisible: false, rightOffset: 4, fixLeftEdge: true, minBarSpacing: 0.2, tickMarkFormatter: tickText },
      localization: { timeFormatter: dayText },
      crosshair: {
        mode: CrosshairMode.Magnet,
        vertLine: { color: colour("muted"), labelBackgroundColor: colour("accent"), style: LineStyle.Dotted },
        horzLine: { color: colour("muted"), labelBackgroundColor: colour("accent"), style: LineStyle.Dotted },
      },
      handleScroll: { vertTouchDrag: false },
    };
  }

  // Sessions come as 2016-10-04; a person reads Tue 4 Oct 2016.
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
  const parts = (time) => (typeof time === "string" ? time.split("-").map(Number) : [time.year, time.month, time.day]);
  const dayText = (time) => {
    const [year, month, day] = parts(time);
    return `${DAYS[new Date(Date.UTC(year, month - 1, day)).getUTCDay()]} ${day} ${MONTHS[month - 1]} ${year}`;
  };
  const tickText = (time, kind) => {
    const [year, month, day] = parts(time);
    return [String(year), MONTHS[month - 1]][kind] || `${day} ${MONTHS[month - 1]}`;
  };

  function write(element, entries) {
    element.replaceChildren(...entries.map(([name, text, kind]) => {
      const pair = document.createElement("span");
      pair.className = kind === "note" ? "legend-note" : "legend-pair";
      if (name) {
        const label = document.createElement("span");
        label.className = "legend-name";
        label.textContent = name;
        pair.append(label);
      }
      const value = document.createElement("b");
      value.className = kind === "note" ? "" : `num ${kind || ""}`;
      value.textContent = text;
      pair.append(value);
      return pair;
    }));
  }

  const legendOf = (element) => element.closest(".panel, .story-row td").querySelector("[data-legend]");

  async function load(element) {
    const answer = await fetch(element.dataset.source, { headers: { "X-Live": "1" }, cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }

  function drawEquity(element, data) {
    const chart = createChart(element, baseOptions());
    const accent = colour("accent");
    const bad = colour("bad");
    const equity = chart.addSeries(AreaSeries, {
      lineColor: accent, topColor: faint(accent, 0.22), bottomColor: faint(accent, 0), lineWidth: 2,
      priceLineVisible: false, lastValueVisible: true,
      priceFormat: { type: "custom", minMove: 0.01, formatter: (value) => grouped(value, Math.abs(value) >= 1000 ? 0 : 2) },
    }, 0);
    const drawdown = chart.addSeries(AreaSeries, {
      lineColor: bad, topColor: faint(bad, 0.02), bottomColor: faint(bad, 0.28), invertFilledArea: true, lineWidth: 1,
      priceLineVisible: false, lastValueVisible: true,
      priceFormat: { type: "custom", minMove: 0.01, formatter: (value) => `${grouped(value, 1)}${THIN}%` },
    }, 1);
    const panes = chart.panes();
    panes[0].setStretchFactor(3);
    panes[1].setStretchFactor(1);
    const markers = createSeriesMarkers(equity, []);
    const paid = { position: "aboveBar", shape: "circle", color: colour("info"), size: 0.7 };
    const legend = legendOf(element);
    const notesOf = (time) => current.marks.filter((mark) => mark.time === time).map((mark) => ["", mark.text, "note"]);
    const show = (time, value, depth) => write(legend, [["", dayText(time)], ["equity", `${grouped(value)} USD`], ["drawdown", `${grouped(depth)}${THIN}%`, depth < 0 ? "loss" : ""], ...notesOf(time)]);
    let current = data;
    const last = () => {
      const end = current.equity.length - 1;
      if (end >= 0) show(current.equity[end].time, current.equity[end].value, current.drawdown[end].value);
    };
    const fill = (fresh) => {
      current = fresh;
      equity.setData(fresh.equity);
      drawdown.setData(fresh.drawdown);
      markers.setMarkers(fresh.marks.map((mark) => ({ time: mark.time, ...paid })));
      chart.timeScale().fitContent();
      last();
    };
    fill(data);
    // The whole curve to its newest day, also after the window or the data changed.
    chart.timeScale().fitContent();
    chart.timeScale().subscribeSizeChange(() => chart.timeScale().fitContent());
    chart.subscribeCrosshairMove((move) => {
      const here = move.seriesData.get(equity);
      const depth = move.seriesData.get(drawdown);
      if (here && depth) show(here.time, here.value, depth.value);
      else last();
    });
    return { chart, fill };
  }

  function drawSymbol(element, data) {
    const chart = createChart(element, { ...baseOptions(), timeScale: { ...baseOptions().timeScale, rightOffset: 8, minBarSpacing: 1 } });
    const [good, bad, muted, accent, info, warn] = ["good", "bad", "muted", "accent", "info", "warn"].map(colour);
    const line = (series, options) => {
      const drawn = chart.addSeries(LineSeries, { lineWidth: 1, priceLineVisible: false, lastValueVisible: false, crosshairMarkerVisible: false, ...options });
      drawn.setData(series || []);
      return drawn;
    };
    const volume = chart.addSeries(HistogramSeries, { priceScaleId: "volume", priceFormat: { type: "volume" }, color: faint(muted, 0.25), priceLineVisible: false, lastValueVisible: false });
    chart.priceScale("volume").applyOptions({ scaleMargins: { top: 0.86, bottom: 0 } });
    // The far lines must not squeeze the candles: they don't count when the scale is chosen.
    const far = { autoscaleInfoProvider: () => null };
    const looks = {
      edge: { color: faint(accent, 0.85) },
      middle: { color: faint(muted, 0.9), lineStyle: LineStyle.Dashed },
      level: { color: warn, lineStyle: LineStyle.Dotted, lineWidth: 2 },
      band: { color: faint(info, 0.35) },
    };
    const lines = new Map(data.lines.map((drawn) => [drawn.name, line(drawn.points, { ...looks[drawn.look], ...(drawn.scaled ? {} : far) })]));
    // The legend tells the values of levels; the other lines are read off the picture.
    const levelsOf = (from, valueOf) => from.lines.filter((drawn) => drawn.look === "level").map((drawn) => [drawn.title, valueOf(drawn)]);
    const candles = chart.addSeries(CandlestickSeries, {
      // Hollow for a rise, filled for a fall: colour is not the only mark.
      upColor: "transparent", downColor: bad, borderUpColor: good, borderDownColor: bad, wickUpColor: good, wickDownColor: bad,
      priceLineVisible: false,
      priceFormat: { type: "custom", minMove: 0.01, formatter: (value) => grouped(value) },
    });
    chart.priceScale("right").applyOptions({ scaleMargins: { top: 0.08, bottom: 0.16 } });
    const markers = createSeriesMarkers(candles, []);
    const shapes = {
      buy: { position: "belowBar", shape: "arrowUp", color: accent, size: 1.3 },
      sell: { position: "aboveBar", shape: "arrowDown", color: warn, size: 1.3 },
      refused: { position: "aboveBar", shape: "circle", color: faint(muted, 0.55), size: 0.5 },
    };
    const colours = { target: good, entry: info, stop: bad };
    let levels = [];
    let notes = new Map();
    let current = data;
    const legend = legendOf(element);
    const volumeText = (value) => (value >= 1e6 ? `${grouped(value / 1e6, 1)} M` : `${grouped(value / 1e3, 0)} k`);
    const show = (bar, quantity, told) => {
      if (!bar) return;
      const entries = [["", dayText(bar.time)], ["open", grouped(bar.open)], ["high", grouped(bar.high)], ["low", grouped(bar.low)], ["close", grouped(bar.close), bar.close >= bar.open ? "gain" : "loss"]];
      if (quantity !== undefined) entries.push(["volume", volumeText(quantity)]);
      for (const [title, value] of told) if (value !== undefined) entries.push([title, grouped(value)]);
      for (const note of notes.get(bar.time) || []) entries.push(["", note, "note"]);
      write(legend, entries);
    };
    const last = () => show(current.candles.at(-1), current.volume.at(-1)?.value, levelsOf(current, (drawn) => drawn.points.at(-1)?.value));
    const fill = (fresh) => {
      current = fresh;
      candles.setData(fresh.candles);
      volume.setData(fresh.volume);
      for (const [name, series] of lines) series.setData(fresh.lines.find((drawn) => drawn.name === name)?.points || []);
      markers.setMarkers(fresh.marks.map((mark) => ({ time: mark.time, ...shapes[mark.kind] })));
      notes = new Map();
      for (const mark of fresh.marks) notes.set(mark.time, [...(notes.get(mark.time) || []), mark.text]);
      levels.forEach((level) => candles.removePriceLine(level));
      levels = fresh.levels.map((level) => candles.createPriceLine({ price: level.price, title: level.title, color: colours[level.kind], lineWidth: 1, lineStyle: LineStyle.Solid, axisLabelVisible: true }));
      last();
    };
    fill(data);
    const bars = data.candles.length;
    const visible = element.clientWidth < 600 ? 70 : 170;
    chart.timeScale().setVisibleLogicalRange({ from: Math.max(0, bars - visible), to: bars + 6 });
    chart.subscribeCrosshairMove((move) => {
      const bar = move.seriesData.get(candles);
      if (bar) show(bar, move.seriesData.get(volume)?.value, levelsOf(current, (drawn) => move.seriesData.get(lines.get(drawn.name))?.value));
      else last();
    });
    return { chart, fill };
  }

  const DRAW = { equity: drawEquity, symbol: drawSymbol };

  async function start(element) {
    try {
      let data = await load(element);
      let drawn = DRAW[element.dataset.chart](element, data);
      element.dataset.drawn = "";
      element.addEventListener("data-changed", async () => {
        data = await load(element);
        drawn.fill(data);
      });
      const redraw = () => {
        const range = drawn.chart.timeScale().getVisibleLogicalRange();
        drawn.chart.remove();
        drawn = DRAW[element.dataset.chart](element, data);
        if (range && element.dataset.chart === "symbol") drawn.chart.timeScale().setVisibleLogicalRange(range);
      };
      document.addEventListener("theme-changed", redraw);
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
    } catch {
      element.textContent = "The chart's data could not be loaded. Reload the page to try again.";
    }
  }

  document.querySelectorAll("[data-chart]").forEach(start);
  document.addEventListener("chart-added", (event) => start(event.target));
})();
