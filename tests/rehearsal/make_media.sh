#!/usr/bin/env bash
# The paper's datasets in miniature: the trees, lists, names, containers and frame sizes of the originals, with few and
# short videos that ffmpeg draws. What is rehearsed on them takes the same way through the program as the real ones.
#   make_media.sh SYNVID OFFICIAL_WEIGHTS OUT [quick|full]
# SYNVID makes the weights that stand for VideoMAE's, OFFICIAL_WEIGHTS those in the names of FID's and FVD's networks.
# The form of the rehearsal says how large VideoMAE's are: a model is fine-tuned as it was pre-trained.
set -euo pipefail
synvid=$(realpath "$1")
official_weights=$(realpath "$2")
form=${4:-quick}
mkdir -p "$3"
cd "$3"

# video FILE SIZE FRAMES CLASS SEED CODEC...: a square that moves over a still pattern in the way of its class.
video() {
    local file=$1 size=$2 frames=$3 class=$4 seed=$5 path w=${2%x*} h=${2#*x}
    shift 5
    case $((class % 6)) in
        0) path="x='mod(5*n,$w-50)':y=$h/3" ;;
        1) path="x=$w/2:y='mod(4*n,$h-50)'" ;;
        2) path="x='$w-60-mod(5*n,$w-60)':y=$h/2" ;;
        3) path="x=$w/3:y='$h-60-mod(4*n,$h-60)'" ;;
        4) path="x='$w/2-25+70*cos(n/6)':y='$h/2-25+70*sin(n/6)'" ;;
        5) path="x='mod(5*n,$w-50)':y='mod(4*n,$h-50)'" ;;
    esac
    ffmpeg -nostdin -v error -y -f lavfi -i "gradients=size=$size:rate=25:seed=$seed:speed=0.00001" \
        -f lavfi -i "testsrc2=size=50x50:rate=25" \
        -filter_complex "[0]noise=alls=14:all_seed=${seed}[back];[back][1]overlay=$path:eval=frame" \
        -frames:v "$frames" -threads 1 -pix_fmt yuv420p "$@" "$file"
}
xvid=(-c:v mpeg4 -vtag XVID -bf 2 -q:v 4 -g 50)

# UCF101: 320 x 240, XviD in AVI. The folder HandstandPushups has files that spell it HandStandPushups; classInd.txt is
# sorted without regard to case. Groups 1, 8 and 15 are what splits 1, 2 and 3 test.
mkdir -p UCF-101 ucfTrainTestlist
number=0
for class in Archery Hammering HammerThrow HandstandPushups PlayingGuitar PullUps; do
    number=$((number + 1))
    printf '%d %s\r\n' $number $class >>ucfTrainTestlist/classInd.txt
    mkdir -p UCF-101/$class
    groups="08 15" # two classes have a video for the test of split 1: tests of corrupted videos take long
    case $class in Archery | PullUps) groups="01 08 15" ;; esac
    for group in $groups; do
        name=v_${class/Handstand/HandStand}_g${group}_c01.avi
        video "UCF-101/$class/$name" 320x240 $((66 + number)) $number $((10 * number + 10#$group)) "${xvid[@]}"
        for split in 1 2 3; do
            case $split$group in
                101 | 208 | 315) printf '%s\r\n' "$class/$name" >>"ucfTrainTestlist/testlist0$split.txt" ;;
                *) printf '%s\r\n' "$class/$name $number" >>"ucfTrainTestlist/trainlist0$split.txt" ;;
            esac
        done
    done
done

# HMDB51: height 240, DivX in AVI, names with all that shells dislike; a code a split: 1 trains, 2 tests, 0 neither.
mkdir -p hmdb51_org testTrainMulti_7030_splits
number=0
for class in brush_hair shake_hands wave; do
    number=$((number + 1))
    mkdir -p hmdb51_org/$class
    rotate=0
    for name in "[Part]_A&B_${class}_u_nm_np1_ba_goo_0" "Don't!_${class}_f_cm_np1_fr_med_1" "(x)#4;_${class}_f_nm_np1_le_bad_2" \
        "left@over+_${class}_h_nm_np1_ri_goo_3"; do
        case $rotate in 0) size=320x240 ;; 1) size=416x240 ;; 2) size=352x240 ;; *) size=424x240 ;; esac
        video "hmdb51_org/$class/$name.avi" $size $((40 + 3 * rotate)) $number $((50 * number + rotate)) -c:v mpeg4 -vtag DIVX -q:v 5
        for split in 1 2 3; do
            code=1
            if [ $rotate -eq $((split - 1)) ]; then code=2; elif [ $rotate -eq 3 ]; then code=0; fi
            printf '%s.avi %d \n' "$name" $code >>testTrainMulti_7030_splits/${class}_test_split$split.txt
        done
        rotate=$((rotate + 1))
    done
done

# Kinetics-400: H.264 of several sizes and shapes, class names with blanks and brackets; one listed video is gone, as in
# every copy of it.
mkdir -p kinetics400/train kinetics400/val
for part in train val; do echo 'label,youtube_id,time_start,time_end,split' >kinetics400/$part.csv; done
number=0
for class in 'air drumming' 'playing cards' 'shooting goal (soccer)'; do
    number=$((number + 1))
    clip=0
    for part in train train val; do
        case $clip in 0) size=340x256 ;; 1) size=256x454 ;; *) size=426x320 ;; esac
        id=$(printf 'k%02d-_%dabcde' $number $clip)
        mkdir -p "kinetics400/$part/$class"
        video "kinetics400/$part/$class/${id}_000003_000013.mp4" $size 80 $number $((90 * number + clip)) -c:v libx264 -preset ultrafast -crf 26
        label=$class
        printf '%s,%s,3,13,%s\n' "$label" "$id" $part >>kinetics400/$part.csv
        clip=$((clip + 1))
    done
done
echo 'air drumming,gone_000001,3,13,train' >>kinetics400/train.csv
for other in $(seq 397); do # classes whose videos were not kept: a set of 400 it stays
    for part in train val; do printf 'not kept %03d,other_%03d,0,10,test\n' "$other" "$other" >>kinetics400/$part.csv; done
done

# ImageNet: JPEG of many sizes and shapes in folders of synsets.
number=0
for synset in n01440764 n02102040 n03888257; do
    mkdir -p imagenet/train/$synset
    for size in 500x375 375x500 400x300 640x480 256x256 500x333 333x500; do
        number=$((number + 1))
        ffmpeg -nostdin -v error -y -f lavfi -i "gradients=size=$size:n=8:seed=$number:type=$((number % 4)),noise=alls=30:all_seed=$number" \
            -frames:v 1 -threads 1 -pix_fmt yuvj420p -q:v 4 imagenet/train/$synset/${synset}_$number.JPEG
    done
done

# What the sweeps at small scale take instead: any photographs and clips in two folders.
mkdir -p photos clips
# a stand-in world cuts its things from a dozen photographs of the test fifth
for number in $(seq 110); do
    case $((number % 4)) in 0) size=320x240 ;; 1) size=240x320 ;; 2) size=256x256 ;; *) size=400x266 ;; esac
    ffmpeg -nostdin -v error -y -f lavfi -i "gradients=size=$size:n=8:seed=$((500 + number)):type=$((number % 4)),noise=alls=40:all_seed=$number" \
        -frames:v 1 -threads 1 -pix_fmt yuvj420p -q:v 4 "photos/photo_$number.jpg"
done
for number in $(seq 6); do
    video "clips/clip_$number.mp4" 320x240 70 "$number" $((700 + number)) -c:v libx264 -preset ultrafast -crf 26
done

# Weights: random ones in the names of the files that FID and FVD are computed with, and a VideoMAE as published ones come.
"$official_weights" inception pt_inception-2015-12-05-6726825d.pth
"$official_weights" i3d i3d_pretrained_400.pt
run=$("$synvid" pretrain --config paper --variant static-circles --rehearsal "$form" --name kinetics400 --out videomae --threads 1 -q)
"$synvid" export "$run" --out videomae_k400_base >/dev/null
