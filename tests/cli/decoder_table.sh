#!/usr/bin/env bash
# The table of formats in docs/ingest.md: one file of every row through synvid ingest, every pixel compared.
#
# What a file must show comes from the pixels it was made of where the format keeps them, from a formula
# (tests/support/odd_pictures), from zimg's conversion (ffmpeg's filter zscale) for color matrices and ranges, and
# otherwise from the ffmpeg program.
. "$2/tests/support/cli.sh"
: "${SYNVID_ODD_PICTURES:?} ${SYNVID_COMPARE_FRAMES:?}" # ctest sets them

mkdir -p pictures/in pictures/expected videos/in videos/expected
exactly=(-sws_flags "bilinear+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact")
rgb=(-f rawvideo -pix_fmt rgb24 -s 64x64 -r 25)
ff() { ffmpeg -nostdin -v error -y -threads 1 -filter_threads 1 "$@"; }
# shown FILE OUT OPTIONS...: the frames of a file as the ffmpeg program shows them
shown() { ff -i "$1" -fps_mode passthrough "${exactly[@]}" "${@:3}" -pix_fmt rgb24 -f rawvideo "$2"; }

ff -f lavfi -i testsrc2=size=64x64:rate=25 -frames:v 5 -pix_fmt rgb24 -f rawvideo src.rgb
ff -f lavfi -i "testsrc2=size=64x64:rate=25,gblur=sigma=6" -frames:v 5 -pix_fmt rgb24 -f rawvideo smooth.rgb
head -c 12288 src.rgb >pictures/src.rgb

# ---- pictures ----

picture() { # picture NAME PIXEL-FORMAT OPTIONS...: the ffmpeg program writes it; expected are its pixels in that format
    local name=$1 format=$2
    shift 2
    ff "${rgb[@]}" -i pictures/src.rgb "${exactly[@]}" -pix_fmt "$format" -f rawvideo raw
    ff -f rawvideo -pix_fmt "$format" -s 64x64 -i raw "$@" "pictures/in/$name"
    ff -f rawvideo -pix_fmt "$format" -s 64x64 -i raw "${exactly[@]}" -pix_fmt rgb24 -f rawvideo "pictures/expected/$name.rgb"
}
lossy() { # lossy NAME OPTIONS...: expected is what the ffmpeg program shows
    local name=$1
    shift
    ff "${rgb[@]}" -i pictures/src.rgb "$@" "pictures/in/$name"
    shown "pictures/in/$name" "pictures/expected/$name.rgb"
}
tolerate() { echo "$2" >"$1.tolerance"; } # tolerate EXPECTED LEVELS

for format in rgb24 rgb48be gray gray16be monob pal8 ya8 rgba; do picture "png-$format.png" $format; done
for format in bgr24 bgra rgb565le rgb555le gray pal8 monob; do picture "bmp-$format.bmp" $format; done
for method in raw packbits lzw deflate; do picture "tiff-$method.tif" rgb24 -compression_algo $method; done
for format in gray pal8 monob gray16le rgb48le rgba; do picture "tiff-$format.tif" $format; done
for format in bgr24 bgra gray rgb555le pal8; do picture "tga-$format.tga" $format; done
picture tga-raw.tga bgr24 -rle 0
for format in rgb24 rgba gray monob gray16be rgb48be; do picture "pam-$format.pam" $format; done
picture pbm.pbm monow
picture pgm.pgm gray
picture pgm-16.pgm gray16be
picture ppm.ppm rgb24
picture ppm-16.ppm rgb48be
picture pfm.pfm gbrpf32le
for format in rgb24 rgba gray rgb48be; do picture "sgi-$format.sgi" $format; done
for format in rgb24 gray pal8 monow; do picture "pcx-$format.pcx" $format; done
for format in bgr24 gray pal8 monow; do picture "sun-$format.sun" $format; done
for format in bgr0 bgr24 pal8 gray monow; do picture "xwd-$format.xwd" $format; done
picture xbm.xbm monow
picture qoi.qoi rgb24
picture exr.exr gbrpf32le
for format in rgb24 gray gray16be rgb48be gbrp10be gbrp12be; do picture "dpx-$format.dpx" $format; done
picture webp-lossless.webp bgra -lossless 1
picture jpegls.jls rgb24
picture jpegls-gray.jls gray
picture gif.gif rgb8
picture jpeg2000.jp2 rgb24 -c:v libopenjpeg -compression_level 0
lossy jpeg-420.jpg -q:v 2 -pix_fmt yuvj420p
lossy jpeg-422.jpg -q:v 2 -pix_fmt yuvj422p
lossy jpeg-444.jpg -q:v 2 -pix_fmt yuvj444p
lossy webp-lossy.webp -quality 90 -pix_fmt yuv420p
lossy apng.apng -f apng
for name in png-gray16be.png png-rgb48be.png tiff-gray16le.tif tiff-rgb48le.tif; do tolerate "pictures/expected/$name" 1; done
cp pictures/in/jpeg-444.jpg pictures/base.jpg
cp pictures/expected/jpeg-444.jpg.rgb pictures/base.jpg.rgb
cp pictures/in/webp-lossless.webp pictures/base.webp
"$SYNVID_ODD_PICTURES" pictures
tolerate pictures/expected/tiff-16-bits.tif 1
mv pictures/in/pfm.pfm pictures/in/PFM.PFM && mv pictures/expected/pfm.pfm.rgb pictures/expected/PFM.PFM.rgb

expect 0 "$synvid" ingest --input pictures/in --as images --size 64 --max-bad 0 --out pictures.h5 --progress none
"$SYNVID_COMPARE_FRAMES" pictures.h5 pictures/expected || fail "pictures show something else"

# ---- pictures with errors, or without a decoder: refused by name ----

mkdir cut
for file in pictures/in/*; do # but for those whose last bytes are no pixels
    head -c $(($(stat -c %s "$file") * 6 / 10)) "$file" >"cut/$(basename "$file")"
done
n_cut=$(find cut -type f | wc -l)
printf '\0\0\0\x18ftypheic\0\0\0\0mif1heic%500s' ' ' >cut/phone.heic
printf '\0\0\0\x18ftypmif1\0\0\0\0mif1heic%500s' ' ' >cut/phone.jpg
printf '\0\0\0\x18ftypcrx \x01\0\0\0crx isom%500s' ' ' >cut/camera.cr3
printf 'gimp xcf v011\0%500s' ' ' >cut/drawing.xcf
printf 'RIFF\x90\x01\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0\x3f\0\0\x3f\0\0ANIM%500s' ' ' >cut/animated.webp
printf 'II\x2a\0\x08\0\0\0\x01\0\xfe\0\x04\0\x01\0\0\0\x01\0\0\0\0\0\0\0%500s' ' ' >cut/camera.nef
printf 'II\x2a\0\x08\0\0\0\x01\0\x03\x01\x03\0\x01\0\0\0\x07\0\0\0\0\0\0\0%500s' ' ' >cut/scan.tif
printf 'II\x2a\0\x08\0\0\0\x01\0\x42\x01\x03\0\x01\0\0\0\x10\0\0\0\0\0\0\0%500s' ' ' >cut/tiles.tif
expect 3 "$synvid" ingest --input cut --as images --size 64 --max-bad 1 --out cut.h5 --progress none
[ "$(grep -c '^warning: skipped ' "$scratch/err")" -eq 20 ] || fail "not a screenful of names"
says err "$((n_cut + 8)) of $((n_cut + 8)) files in cut cannot be read"
mkdir named && mv cut/{phone,camera,drawing,animated,tiles,scan}.* named
for file in named/*; do
    mkdir alone && mv "$file" alone
    expect 3 "$synvid" ingest --input alone --as images --size 64 --max-bad 0 --out cut.h5 --progress none
    says err "the first: $(basename "$file"): "
    case $file in
    *.heic | *.jpg) [[ $file != *phone* ]] || says err "a HEIC picture, which FFmpeg" ;;
    *.cr3) says err "a Canon raw picture (CR3), which FFmpeg" ;;
    *.xcf) says err "a GIMP picture (XCF), which FFmpeg" ;;
    */animated.webp) says err "an animated WebP picture, which FFmpeg" ;;
    *.nef) says err "a camera's raw picture" ;;
    */scan.tif) says err "a TIFF with JPEG inside" ;;
    */tiles.tif) says err "a tiled TIFF" ;;
    esac
    rm -r alone
done

# ---- videos ----

video() { # video NAME PIXEL-FORMAT OPTIONS...: lossless; expected are its pixels in that format
    local name=$1 format=$2
    shift 2
    ff "${rgb[@]}" -i src.rgb "${exactly[@]}" -pix_fmt "$format" -f rawvideo raw
    ff -f rawvideo -pix_fmt "$format" -s 64x64 -r 25 -i raw "$@" "videos/in/$name"
    ff -f rawvideo -pix_fmt "$format" -s 64x64 -i raw "${exactly[@]}" -pix_fmt rgb24 -f rawvideo "videos/expected/$name.rgb"
}
for format in gray gray10le gray12le gray16le yuv410p yuv411p yuv420p yuv422p yuv440p yuv444p yuv420p10le yuv422p10le \
    yuv444p10le yuv420p12le yuv422p12le yuv444p12le bgr0 gbrp10le gbrp12le; do
    video "ffv1-$format.mkv" $format -c:v ffv1
done
for format in bgr24 rgb555le pal8 gray yuyv422 yuv420p yuv410p uyvy422 nv12; do
    video "raw-$format.avi" $format -c:v rawvideo
done
for format in rgb24 rgb555be gray16be monow; do video "raw-$format.nut" $format -c:v rawvideo; done
for format in rgb24 rgb555be gray monow pal8; do video "qtrle-$format.mov" $format -c:v qtrle; done
for format in rgb24 yuv422p yuv420p; do video "huffyuv-$format.avi" $format -c:v ffvhuff; done
video zmbv.avi bgr0 -c:v zmbv
video flashsv.avi bgr24 -c:v flashsv
video msrle.avi pal8 -c:v rawvideo
video png.mov rgb24 -c:v png
video h264-rgb.mkv gbrp -c:v libx264rgb -qp 0
video h264-444.mp4 yuv444p -c:v libx264 -qp 0
video h264-full.mp4 yuv420p -c:v libx264 -qp 0
video utvideo.avi gbrp -c:v utvideo
video gif.gif rgb8
video y4m.y4m yuv420p -f yuv4mpegpipe

# lossy ones, several frames between whole ones, frames out of order, fields: as the ffmpeg program shows them
show() { # show NAME OPTIONS...
    ff "${rgb[@]}" -i src.rgb "${@:2}" "videos/in/$1"
    shown "videos/in/$1" "videos/expected/$1.rgb"
}
show mjpeg-full-range.avi -c:v mjpeg -q:v 2 -pix_fmt yuvj420p
show mpeg4-b.avi -c:v mpeg4 -bf 2 -q:v 2
show mpeg2-b.mpg -c:v mpeg2video -bf 2 -q:v 2
show mpeg2-fields.mpg -c:v mpeg2video -flags +ildct+ilme -q:v 2
show h264-b.mp4 -c:v libx264 -bf 3 -pix_fmt yuv420p
show hevc.mp4 -c:v libx265 -x265-params log-level=none -pix_fmt yuv420p
show vp8.webm -c:v libvpx -pix_fmt yuv420p
show vp9.webm -c:v libvpx-vp9 -pix_fmt yuv420p
show theora.ogv -c:v libtheora -pix_fmt yuv420p
show prores.mov -c:v prores_ks -pix_fmt yuv422p10le
show wmv2.asf -c:v wmv2
show flv.flv -c:v flv
show cinepak.avi -c:v cinepak
show aspect.mp4 -c:v mpeg4 -vf setsar=2 -q:v 2
show uneven.mkv -c:v ffv1 -vf "setpts='N*N/25/TB'" -fps_mode vfr -pix_fmt yuv444p
show cut-in.mp4 -ss 0.08 -c:v mpeg4 -q:v 2
ff -ss 0.06 -i videos/in/h264-b.mp4 -c copy videos/in/edit-list.mp4
shown videos/in/edit-list.mp4 videos/expected/edit-list.mp4.rgb

# Matrices and ranges by another library: planes as they are, turned into RGB by zimg. Smooth pictures: chroma is whole.
# The planes are said to be what the file names (setparams), or the ffmpeg program from version 7 on converts them.
colors() { # colors NAME MATRIX RANGE FORMAT OPTIONS...
    local name=$1 matrix=$2 range=$3 format=$4
    shift 4
    ff "${rgb[@]}" -i smooth.rgb -vf "zscale=m=$matrix:r=$range:d=none,format=$format" -f rawvideo raw
    ff -f rawvideo -pix_fmt "$format" -s 64x64 -r 25 -i raw "$@" "videos/in/$name"
    ff -f rawvideo -pix_fmt "$format" -s 64x64 -i raw -vf "setparams=range=$range:colorspace=$matrix,zscale=min=$matrix:rin=$range:m=gbr:r=full,format=gbrp" \
        -pix_fmt rgb24 -f rawvideo "videos/expected/$name.rgb"
    tolerate "videos/expected/$name" 2
}
for matrix in bt709 smpte170m bt470bg fcc bt2020nc; do
    for range in tv pc; do
        named=(-vf "setparams=range=$range:colorspace=$matrix" -colorspace "$matrix" -color_range "$range")
        colors "colors-$matrix-$range.mkv" $matrix $range yuv444p -c:v ffv1 "${named[@]}"
        colors "colors-$matrix-$range.mp4" $matrix $range yuv444p -c:v libx264 -qp 0 "${named[@]}"
    done
done
colors colors-unnamed.mkv smpte170m tv yuv444p -c:v ffv1
named=(-vf "setparams=range=tv:colorspace=bt709" -colorspace bt709 -color_range tv)
colors colors-10-bits.mkv bt709 tv yuv444p10le -c:v ffv1 "${named[@]}"

# A fourth byte that nobody wrote is no alpha; alpha that somebody wrote is seen through, over black.
alpha() { # alpha NAME ALPHA PIXEL-FORMAT OPTIONS...: of the frames with that alpha; expected are the colors alone
    ff "${rgb[@]}" -i src.rgb -vf "format=gbrap,geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':a='$2'" -pix_fmt "$3" -f rawvideo raw
    ff -f rawvideo -pix_fmt "$3" -s 64x64 -r 25 -i raw "${@:4}" "videos/in/$1"
    ff -f rawvideo -pix_fmt "$3" -s 64x64 -i raw -pix_fmt rgb24 -f rawvideo "videos/expected/$1.rgb"
}
junk='mod(X*Y+N*7,256)' some='if(mod(N,2),255,0)' ramp='mod(X*4,256)'
alpha avi32-zero.avi 0 bgra -c:v rawvideo
alpha avi32-junk.avi "$junk" bgra -c:v rawvideo
alpha avi32-some.avi "$some" bgra -c:v rawvideo
alpha huffyuv32-zero.avi 0 bgra -c:v huffyuv
alpha utvideo-zero.avi 0 gbrap -c:v utvideo
alpha qtrle-zero.mov 0 argb -c:v qtrle
alpha png-zero.mov 0 rgba -c:v png
alpha ffv1-zero.mkv 0 bgra -c:v ffv1
alpha ffv1-some.mkv "$some" bgra -c:v ffv1
alpha nut-zero.nut 0 rgba -c:v rawvideo
for file in qtrle-alpha.mov:argb:qtrle ffv1-alpha.mkv:bgra:ffv1; do
    IFS=: read -r name format codec <<<"$file"
    alpha "$name" "$ramp" "$format" -c:v "$codec"
    ff "${rgb[@]}" -i src.rgb -vf "format=gbrp,geq=r='floor((r(X,Y)*$ramp+127)/255)':g='floor((g(X,Y)*$ramp+127)/255)':b='floor((b(X,Y)*$ramp+127)/255)'" \
        -pix_fmt rgb24 -f rawvideo "videos/expected/$name.rgb"
done

# Turned as the matrix of a film's track says, to the rounding of its sines.
be32() { printf '%08x' $(($1 & 0xffffffff)) | sed 's/../\\x&/g'; }
turned() { # turned NAME FILTER A B C D
    local at
    ff "${rgb[@]}" -i src.rgb -c:v qtrle "videos/in/$1"
    at=$(LC_ALL=C grep -obUaF tkhd "videos/in/$1" | head -n 1 | cut -d : -f 1)
    # shellcheck disable=SC2059  # the format is the bytes
    printf "$(be32 "$3")$(be32 "$4")$(be32 0)$(be32 "$5")$(be32 "$6")" |
        dd of="videos/in/$1" bs=1 seek=$((at + 44)) conv=notrunc status=none
    ff "${rgb[@]}" -i src.rgb -vf "$2" -pix_fmt rgb24 -f rawvideo "videos/expected/$1.rgb"
}
turned matrix-right.mov transpose=clock 0 65536 -65536 0
turned matrix-half.mov hflip,vflip -65536 0 0 -65536
turned matrix-left.mov transpose=cclock 0 -65536 65536 0
turned matrix-mirrored.mov hflip -65536 0 0 65536
turned matrix-upside-down.mov vflip 65536 0 0 -65536
turned matrix-diagonal.mov transpose=cclock_flip 0 65536 65536 0
turned matrix-other-diagonal.mov transpose=clock_flip 0 -65536 -65536 0
turned matrix-right-rounded.mov transpose=clock 3 65537 -65535 -2
turned matrix-half-rounded.mov hflip,vflip -65535 2 -3 -65537
turned matrix-nearly-none.mov null 65535 7 -7 65537
turned matrix-slanted.mov null 46341 46341 -46341 46341

# Of several tracks the one with the most frames.
black() { echo "-f lavfi -i color=black:size=64x64:rate=25:duration=$1"; } # black SECONDS
tracks() { ff "$@"; cp src.rgb "videos/expected/$(basename "${*: -1}").rgb"; }
# shellcheck disable=SC2046  # the options are words
{
    tracks $(black 0.08) "${rgb[@]}" -i src.rgb -map 0 -map 1 -c:v ffv1 -pix_fmt bgr0 videos/in/second-track.mkv
    tracks "${rgb[@]}" -i src.rgb $(black 0.16) -map 0 -map 1 -c:v ffv1 -pix_fmt bgr0 videos/in/first-track.mkv
    tracks $(black 0.04) "${rgb[@]}" -i src.rgb -map 0 -map 1 -c:v:0 mjpeg -c:v:1 qtrle videos/in/thumbnail-first.mov
    ff $(black 0.04) -frames:v 1 cover.png
}
tracks -i cover.png "${rgb[@]}" -i src.rgb -map 0 -map 1 -c:v:0 png -c:v:1 libx264rgb -qp 0 -disposition:v:0 attached_pic videos/in/cover.mp4

expect 0 "$synvid" ingest --input videos/in --size 64 --max-bad 0 --out videos.d --progress none
"$SYNVID_COMPARE_FRAMES" videos.d videos/expected || fail "videos show something else"
# Kept as they came and decoded on reading they are the same.
expect 0 "$synvid" ingest --input videos/in --size 64 --max-bad 0 --storage encoded --out encoded.d --progress none
"$SYNVID_COMPARE_FRAMES" encoded.d videos/expected || fail "encoded videos show something else"
