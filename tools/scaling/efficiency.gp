# Share of a step that computes, by ranks: the figure of docs/scaling.md. Called by table.sh.
set terminal svg size 720,420 font "sans-serif,13" background "white"
set output out
set datafile separator tab
set logscale x 2
set xtics (16, 64, 256, 1024)
set yrange [0:1]
set format y "%.1f"
set grid ytics lc rgb "#dddddd"
set key bottom left
set xlabel "ranks (one a node)"
set ylabel "computing / step"
pick(model, kind, link) = sprintf("< awk -F'\\t' '$1==\"%s\" && $2==\"%s\" && $4==%s' %s", model, kind, link, table)
plot pick("ViT-B", "tree", "12.5") using 3:9 with linespoints lw 2 pt 7 title "ViT-B, tree, 100 Gbit/s", \
     pick("ViT-L", "tree", "12.5") using 3:9 with linespoints lw 2 pt 5 title "ViT-L, tree, 100 Gbit/s", \
     pick("ViT-B", "tree", "3.125") using 3:9 with linespoints lw 2 pt 7 dt 2 title "ViT-B, tree, 25 Gbit/s", \
     pick("ViT-B", "mpi", "12.5") using 3:9 with linespoints lw 2 pt 9 title "ViT-B, library, 100 Gbit/s", \
     pick("ViT-L", "mpi", "12.5") using 3:9 with linespoints lw 2 pt 11 title "ViT-L, library, 100 Gbit/s"
