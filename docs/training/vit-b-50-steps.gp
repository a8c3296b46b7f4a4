# gnuplot vit-b-50-steps.gp   (beside vit-b-50-steps.csv, a run's curves.csv)
set terminal svg size 640,320 font "sans,12" background "white"
set output "vit-b-50-steps.svg"
set datafile separator ","
set xlabel "step"
set ylabel "loss"
set y2label "learning rate"
set y2tics format "%.0e"
set ytics nomirror
set xrange [1:50]
set grid
plot "vit-b-50-steps.csv" every ::1 using 1:2 with lines linewidth 2 title "loss", \
     "" every ::1 using 1:3 axes x1y2 with lines dashtype 2 title "learning rate"
