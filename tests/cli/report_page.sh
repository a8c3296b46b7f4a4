#!/usr/bin/env bash
# The report in a real browser at desktop and phone width, and its LaTeX tables in a minimal document. Either part is
# passed over with a notice where its program is missing; when both are, the test counts as skipped.
. "$2/tests/support/cli.sh"
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
latex=$(command -v pdflatex || true)
[ -n "$browser" ] || echo "no chromium: the page is not looked at"
[ -n "$latex" ] || echo "no pdflatex: the tables are not typeset"
[ -n "$browser$latex" ] || exit 77

# result PRETRAINING ACCURACY: fine-tunings of two seeds as the stages leave them
result() {
    one_result "$1" "$2" 1
    one_result "$1" "$(($2 + 1))" 2
}
one_result() {
    local run=runs/finetune-$1-$3 video
    mkdir -p "$run"
    echo video,label,predicted,correct >"$run/predictions.csv"
    for ((video = 0; video < 100; video++)); do echo "$video,a,b,$((video * 37 % 100 < $2))"; done >>"$run/predictions.csv"
    cat > "$run/result.json" <<JSON
{"schema": "synvid.result", "schema_version": 1,
 "identity": {"task": "finetune", "dataset": "standin-motion", "pretraining": "$1", "model": "vit_test", "seed": $3},
 "protocol": {"name": "reduced", "deviations": ["epochs 20 instead of 100"]},
 "metrics": [{"name": "top1", "value": $2, "unit": "%", "count": 100, "low": $2, "high": $2, "interval": "Wilson 95%"},
             {"name": "chance", "value": 12.5, "unit": "%", "count": 100}],
 "inputs": [{"role": "test", "path": "standin-motion", "digest": "7e577e577e577e577e577e577e577e57"}]}
JSON
}
result random 13
for variant in static-circles moving-circles moving-shapes accelerating-shapes; do
    "$synvid" generate --variant $variant --videos 6 --size 48 --frames 40 --out data/$variant -q
    "$synvid" analyze --dataset data/$variant --reference data/static-circles --frames 30 --videos 6 --out runs -q > out
    result $variant $((20 + ${#variant}))
done
expect 0 "$synvid" report --runs runs --data data --primary finetune:standin-motion --out report
for table in accuracy agreement steps-finetune-standin-motion gap statements correlations; do
    [ -s report/tables/$table.csv ] || fail "no table $table"
done
grep -q "over seeds and test videos" report/tables/accuracy.md || fail "predictions are not used"
expect 0 "$synvid" reproduce all --runs runs --data data --out paper

# The page reports about itself: what is wider than the window, pictures that did not load, errors, and whether a click on
# a column's head sorts. A frame of the wanted width around it works in every version of the browser.
look() {
    sed 's|<head>|<head><script>var wrong=[];addEventListener("error",function(e){wrong.push(e.message\|\|"not loaded: "+e.target.tagName)},true)</script>|' \
        report/index.html > checked.html
    cat >> checked.html <<'HTML'
<script>
addEventListener("load", function () {
  var root = document.documentElement, head = document.querySelector("th[scope=col] button");
  if (root.scrollWidth > root.clientWidth)
    wrong.push("overflow " + root.scrollWidth + " > " + root.clientWidth + ": " +
      Array.from(document.querySelectorAll("body *")).filter(function (e) {
        return e.getBoundingClientRect().right > root.clientWidth + 1 && !e.closest(".scroll") && !e.closest("svg") }).slice(0, 3)
        .map(function (e) { return e.tagName + "." + e.className }).join(" "));
  document.querySelectorAll("img").forEach(function (image) { if (!image.naturalWidth) wrong.push("missing: " + image.alt) });
  if (!head) wrong.push("no table can be sorted"); else { head.click();
    if (!head.parentNode.hasAttribute("aria-sort")) wrong.push("a click does not sort") }
  var names = Array.from(document.querySelectorAll(".legend span"));
  if (names.length < 37) wrong.push("only " + names.length + " numbers of points have a name");
  names.forEach(function (e, i) { if (!(new RegExp("^" + i % 37 + " .")).test(e.textContent) || !e.querySelector("i").style.background)
    wrong.push("no name or color: " + e.textContent) });
  parent.postMessage("LOOKED " + root.clientWidth + " images " + document.images.length + " wrong [" + wrong.join("; ") + "]", "*");
});
</script>
HTML
    cat > frames.html <<'HTML'
<script>addEventListener("message", function (e) { document.body.appendChild(document.createElement("p")).textContent = e.data })</script>
<body><iframe src="checked.html" style="width:1280px;height:900px;border:0"></iframe>
<iframe src="checked.html" style="width:390px;height:800px;border:0"></iframe></body>
HTML
    timeout 120 "$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$scratch/profile" --window-size=1400,1000 \
        --enable-logging=stderr --virtual-time-budget=20000 --dump-dom "file://$scratch/frames.html" > dom 2> browser.log || return 1
}

if [ -n "$browser" ]; then
    look || { tail -5 browser.log; fail "the browser could not open the page"; }
    for width in 1280 390; do
        grep -qE "LOOKED $width images [1-9][0-9]* wrong \[\]" dom || { grep -o 'LOOKED[^<]*' dom; fail "the page at $width pixels"; }
    done
    ! grep -F ':CONSOLE' browser.log || fail "messages on the console"
    echo "the page is whole at 1280 and 390 pixels"
fi

if [ -n "$latex" ]; then
    {
        printf '%s\n' '\documentclass{article}' '\usepackage{booktabs}' '\usepackage[T1]{fontenc}' '\begin{document}'
        for table in report/tables/*.tex paper/tables/*.tex; do printf '\\input{%s}\n\\clearpage\n' "${table%.tex}"; done
        printf '%s\n' '\end{document}'
    } > tables.tex
    "$latex" -interaction=nonstopmode -halt-on-error tables.tex > latex.log || { grep -A4 '^!' latex.log; fail "LaTeX"; }
    [ -s tables.pdf ] || fail "no document"
    echo "$(grep -c input tables.tex) tables typeset"
fi
[ -n "$browser" ] && [ -n "$latex" ] || echo "partly passed over, see above"
