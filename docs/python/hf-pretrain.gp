# gnuplot hf-pretrain.gp: the curves of docs/python.md
set datafile separator ","
set terminal svg size 640,360 font "sans,11"
set output "hf-pretrain.svg"
set xlabel "step"
set ylabel "loss"
set key top right
plot "hf-pretrain.csv" using 1:2 skip 1 with lines lw 2 title "synvid pretrain", \
     "" using 1:3 skip 1 with lines lw 1 title "hf\\_pretrain.py, transformers"
