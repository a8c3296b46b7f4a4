# shellcheck shell=bash
# Sourced by the submit.sh that `synvid sweep slurm` writes, which sets $jobs (this folder), $logs, $by and sweep=(...):
# turns "submit STAGE --array LIST --ranks R ..." into one sbatch of jobs/task.sbatch, and "guard" into one of
# jobs/guard.sbatch. Everything a site decides is in site.sh.

: "${jobs:?}" "${logs:?}" "${sweep[0]:?}" "${by:?}"
# shellcheck source=jobs/site.example.sh
[ ! -f "$jobs/site.sh" ] || . "$jobs/site.sh"
mkdir -p -- "$logs"

# Minutes of one task: the estimate by the rate of the site's cores and a margin of a half, within the site's limits.
# Nothing known: the longest the site allows. What does not fit into it goes on in the next life of the job.
limit_minutes() { # limit_minutes CORE_HOURS CORES
  awk -v core_hours="$1" -v cores="$2" -v gflops="${SYNVID_CORE_GFLOPS:-50}" -v least="${SYNVID_MIN_MINUTES:-15}" \
    -v most="${SYNVID_MAX_MINUTES:-1440}" 'BEGIN {
      minutes = core_hours == "" ? most : int(core_hours * 60 / cores * 50 / gflops * 1.5 + 0.999)
      if (minutes < least) minutes = least
      if (minutes > most) minutes = most
      print minutes
    }'
}

# submit STAGE --array LIST [--job NAME] --ranks R --threads T [--nodes N] [--core-hours H] [--rank-gb G]
#        [--after DEPENDENCY] --tasks FILE
# leaves the job's number in $job. NAME is the stage's as SLURM and file names take it, where that is another.
submit() {
  local stage=$1 name=$1 array='' ranks=1 threads=1 nodes='' core_hours='' rank_gb='' after='' tasks='' options=()
  shift
  while [ $# -gt 0 ]; do
    case $1 in
      --array) array=$2 ;;
      --job) name=$2 ;;
      --ranks) ranks=$2 ;;
      --threads) threads=$2 ;;
      --nodes) nodes=$2 ;;
      --core-hours) core_hours=$2 ;;
      --rank-gb) rank_gb=$2 ;;
      --after) after=$2 ;;
      --tasks) tasks=$2 ;;
      *) echo "submit: unknown option $1" >&2; return 2 ;;
    esac
    shift 2
  done
  options=(--job-name="$name" --output="${logs//%/%%}/%x-%A_%a.log" --array="$array${SYNVID_ARRAY_LIMIT:+%$SYNVID_ARRAY_LIMIT}"
    --ntasks="$ranks" --cpus-per-task="$threads" --time="$(limit_minutes "$core_hours" $((ranks * threads)))"
    --signal="B:USR1@${SYNVID_WARNING_SECONDS:-180}")
  [ -z "$nodes" ] || options+=(--nodes="$nodes")
  # A third of a gigabyte for program, MPI and file buffers, and a margin of a fifth.
  [ -z "$rank_gb" ] || options+=(--mem-per-cpu="$(awk -v gb="$rank_gb" -v threads="$threads" \
    'BEGIN { print int((gb + 0.3) * 1.2 / threads * 1024 + 1) "M" }')")
  [ -z "$after" ] || options+=(--dependency="$after" --kill-on-invalid-dep=yes)
  # SYNVID_SBATCH is options, split on purpose.
  # shellcheck disable=SC2086,SC2154
  job=$(SYNVID_JOBS=$jobs SYNVID_TASKS=$tasks sbatch --parsable ${SYNVID_SBATCH:-} "${options[@]}" "$jobs/task.sbatch" "${sweep[@]}")
  job=${job%%;*} # without the cluster's name
  echo "$job $name $by $tasks" >> "$logs/jobs.txt"
  echo "submitted $stage [$array] as job $job${after:+, after $after}"
}

# guard DEPENDENCY - the job that brings lost tasks back, in place of the one that waits
guard() {
  local before='' options=()
  [ "${SYNVID_GUARD:-yes}" = yes ] || { echo "no guard: what is lost comes back when the sweep is submitted again"; return 0; }
  [ ! -f "$logs/guard.job" ] || before=$(< "$logs/guard.job")
  options=(--job-name=guard --output="${logs//%/%%}/guard.log" --ntasks=1 --cpus-per-task=1 --mem=1024M --time=10
    --dependency="$1" --begin="now+$((60 * ${SYNVID_GUARD_MINUTES:-10}))")
  # shellcheck disable=SC2086,SC2154
  job=$(SYNVID_JOBS=$jobs sbatch --parsable ${SYNVID_SBATCH:-} "${options[@]}" "$jobs/guard.sbatch" "${sweep[@]}")
  job=${job%%;*}
  echo "$job" > "$logs/guard.job"
  [ -z "$before" ] || [ "$before" = "${SYNVID_GUARD_JOB:-}" ] || scancel --quiet "$before" 2> /dev/null || true
  echo "guarded by job $job"
}
