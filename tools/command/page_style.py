"""Style and script of the page: all that it needs is in it."""

STYLE = """
:root{--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--back:#fff;--panel:#f6f8fa;--good:#116329;
--bad:#a40e26;--warn:#7d4e00;--link:#0550ae}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9ea7b3;--line:#3d444d;
--back:#0d1117;--panel:#161b22;--good:#56d364;--bad:#ff8d85;--warn:#e3b341;--link:#79c0ff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1100px;padding:24px;background:var(--back);color:var(--ink);
font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.3rem;margin:0 0 .2em}h2{font-size:1.05rem;margin:1.8em 0 .5em}
.verdict{border:1px solid var(--line);border-left:6px solid var(--bad);background:var(--panel);
padding:14px 18px;border-radius:6px}
.verdict.fine{border-left-color:var(--good)}.verdict.unsure{border-left-color:var(--warn)}
.verdict h1{margin:0}.verdict .state{color:var(--soft);margin:0 0 .4em}
.advice::before{content:"\\2192\\00a0"}.advice{font-weight:600;margin:.5em 0 0}
table{border-collapse:collapse;width:100%;font-size:13px}
th,td{text-align:left;padding:3px 8px;border-bottom:1px solid var(--line);vertical-align:top}
th{color:var(--soft);font-weight:600}.n{text-align:right;white-space:nowrap;width:1%;font-variant-numeric:tabular-nums}
code,pre,.mono{font:12.5px/1.45 ui-monospace,monospace}pre{overflow:auto;background:var(--panel);
padding:10px;border-radius:6px}
.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}.soft{color:var(--soft)}
svg{width:100%;height:auto;display:block;background:var(--panel);border-radius:6px}
svg text{font:11px system-ui,sans-serif;fill:var(--ink)}svg .soft{fill:var(--soft)}
.wide{overflow-x:auto}.wide>svg{min-width:720px}.wide>table{min-width:640px}
.scroll{max-height:420px;overflow:auto;border:1px solid var(--line);border-radius:6px}
.later{opacity:.25}.now{outline:2px solid var(--link)}
input[type=search],input[type=range]{width:100%;font:inherit;margin:.4em 0}
summary{cursor:pointer;font-weight:600;margin:.6em 0}
:focus-visible{outline:2px solid var(--link)}
@media(max-width:600px){body{padding:12px}}
@media print{.wide>svg,.wide>table{min-width:0}.scroll{max-height:none}input{display:none}}
"""

SCRIPT = """
for (const section of document.querySelectorAll('section')) {
  const rows = [...section.querySelectorAll('tr[data-t]')];
  const cursors = [...section.querySelectorAll('.cursor')];
  const clock = section.querySelector('output');
  const slider = section.querySelector('input[type=range]');
  const search = section.querySelector('input[type=search]');
  const times = [...new Set(rows.map(row => Number(row.dataset.t)))].sort((a, b) => a - b);
  slider.max = times.length; slider.value = times.length;
  const step = () => {
    const at = slider.value == times.length ? Infinity : times[slider.value];
    let last = null;
    for (const row of rows) {
      const later = Number(row.dataset.t) > at;
      row.classList.toggle('later', later); row.classList.remove('now');
      if (!later && at < Infinity) last = row;
    }
    if (last) { last.classList.add('now'); last.scrollIntoView({block: 'nearest'}); }
    for (const cell of section.querySelectorAll('td[data-life]')) {
      const life = JSON.parse(cell.dataset.life).filter(each => each[0] <= at);
      cell.textContent = life.length ? life[life.length - 1][1] : 'not yet';
    }
    for (const cursor of cursors) {
      const span = Number(cursor.dataset.span), x = 260 + 730 * Math.min(at, span) / span;
      cursor.setAttribute('x1', x); cursor.setAttribute('x2', x);
      cursor.style.visibility = at < Infinity ? 'visible' : 'hidden';
    }
    clock.textContent = at < Infinity ? at.toFixed(3) + ' s' : 'the end';
  };
  slider.addEventListener('input', step);
  search.addEventListener('input', () => {
    const word = search.value.toLowerCase();
    for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(word);
  });
  step();
}
"""
