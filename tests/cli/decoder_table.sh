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
ff() { ffmpeg -nostdin -v error -y "$@"; }
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
for format in rgb24 gray10be rgb48be; do picture "dpx-$format.dpx" $format; done
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
cp "$source"/tests/golden/images/cmyk.jpg pictures/base-cmyk.jpg
cp pictures/in/jpeg-444.jpg pictures/base.jpg
cp pictures/expected/jpeg-444.jpg.rgb pictures/base.jpg.rgb
cp pictures/in/webp-lossless.webp pictures/base.webp
"$SYNVID_ODD_PICTURES" pictures
tolerate pictures/expected/tiff-16-bits.tif 1
mv pictures/in/pfm.pfm pictures/in/PFM.PFM && mv pictures/expected/pfm.pfm.rgb pictures/expected/PFM.PFM.rgb

expect 0 "$synvid" ingest --input pictures/in --as images --size 64 --max-bad 0 --out pictures.h5 --progress none
"$SYNVID_COMPARE_FRAMES" pictures.h5 pictures/expected || fail "pictures show something else"
