#!/usr/bin/env bash
# What nstbench does on a GPU, in one go:  bash run.sh [--cpu] OUT [STEP...]
#
# Installs the kit (`make gpu-kit`) without a network into a folder of its own, then takes the steps below in turn, the
# most wanted first, each with a time limit. One that fails or is cut off does not end the others, but the script then
# ends in 3. On one H100 they take about a quarter of an hour; naming steps takes these only. OUT receives a few files:
# summary.txt (printed last too), figures.json, report.html, sheet.jpg, details.tar.gz. --cpu does the same with tiny
# sizes on the processor.
#
#   NSTBENCH_GPU_SECONDS  all steps together [580]        PYTHON  interpreter [.venv of a checkout, or python3]
#   NSTBENCH_GPU_SWEEP    more for the sweep, as `--set sweep.iterations=[15,60]`
#   NSTBENCH_GPU_ENV      folder to install into, where it stays for the next time [a temporary one]
set -uo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(cd "$HERE/../.." && pwd)
KIT=${NSTBENCH_GPU_KIT:-$([ -d "$ROOT/wheels" ] && echo "$ROOT" || echo "$ROOT/build/gpu-kit")}
PYTHON=${PYTHON:-$([ -x "$ROOT/.venv/bin/python" ] && echo "$ROOT/.venv/bin/python" || echo python3)}

DEVICE=gpu
if [ "${1:-}" = --cpu ]; then DEVICE=cpu; shift; fi
if [ $# = 0 ] || [ ! -f "$KIT/bundled-half.npz" ]; then
  echo "usage: bash run.sh [--cpu] OUT [STEP...]; the kit is looked for in $KIT: make gpu-kit" >&2
  exit 2
fi
mkdir -p "$1" && OUT=$(cd "$1" && pwd) || exit 2
shift
WANTED=" $* "

WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
LOGS=$WORK/logs
mkdir "$LOGS"
ENV=${NSTBENCH_GPU_ENV:-$WORK/env}
WEIGHTS=$KIT/bundled-half.npz
export NSTBENCH_CACHE=$WORK/cache

if [ $DEVICE = gpu ]; then
  COPY=4096 SIDE=8192 LOOPS='512 256 1024' FIRST=1024 LAST=16384 TURN='40 6' REPEATED='256 20'
  PRECISIONS='highest default bf16' QUICK='' SWEEP=${NSTBENCH_GPU_SWEEP:-} CHECK='' PATIENCE=1
else
  export JAX_PLATFORMS=cpu
  COPY=64 SIDE=512 LOOPS='48 32 64' FIRST=32 LAST=32 TURN='2 2' REPEATED='48 4'
  PRECISIONS='highest bf16' QUICK='--quick' PATIENCE=4 # there `default` is `highest`
  SWEEP='--set size=48 --set device=cpu --set sweep.iterations=[2,4] --set sweep.beta=[1000]
    --set sweep.style_layers=[[conv1_1],[conv2_1]] --set content_layers=[conv2_2]'
  CHECK='--set size=48 --set iterations=12 --set measure.chunk=2 --set gate.pairs=2
    --set style_layers=[conv1_1] --set content_layers=[conv1_2]'
  ONLY='--only run_is_additive --only run_waits_for_the_device'
fi
TOTAL=${NSTBENCH_GPU_SECONDS:-$((580 * PATIENCE))}

# step NAME SECONDS COMMAND...: what it prints goes to NAME.out and NAME.err, how it ended to steps.tsv
step() {
  local name=$1 limit=$(($2 * PATIENCE)) left=$((TOTAL - SECONDS - 5)) start=$SECONDS
  shift 2
  if [ "$WANTED" != '  ' ] && [[ $WANTED != *" $name "* ]]; then return; fi
  if [ "$limit" -gt "$left" ]; then limit=$left; fi
  if [ "$limit" -lt 10 ]; then
    printf '%s\tno time left\t0\n' "$name" >> "$LOGS/steps.tsv"
    return
  fi
  timeout --kill-after=5 "$limit" "$@" > "$LOGS/$name.out" 2> "$LOGS/$name.err"
  printf '%s\t%s\t%s\n' "$name" $? $((SECONDS - start)) >> "$LOGS/steps.tsv"
}

# What is known so far, so that a run that is ended from outside has brought something.
keep() {
  "$PYTHON" "$HERE/summary.py" "$LOGS" "$OUT" 2>> "$LOGS/summary.err"
  local ended=$?
  cp "$WORK/sweep/report.html" "$WORK/sweep/sheet.jpg" "$OUT" 2> /dev/null
  tar -C "$WORK" --exclude='*.npz' --exclude='trials' -czf "$OUT/details.tar.gz" logs $(cd "$WORK" && ls -d sweep 2> /dev/null)
  return $ended
}

nst="$ENV/bin/nstbench" py="$ENV/bin/python"
if [ ! "$ENV/installed" -nt "$KIT/bundled-half.npz" ]; then
  if ! timeout 120 "$PYTHON" "$HERE/install.py" "$KIT" "$ENV" "$ENV-slowed" > "$LOGS/install.out" 2>&1; then
    cat "$LOGS/install.out"
    exit 1
  fi
  touch "$ENV/installed"
fi

step ceilings 40 "$py" "$HERE/ceilings.py" $DEVICE $COPY $SIDE

# A wave of steps that time nothing and share the device and the cores. XLA does not try algorithms here, which takes
# it most of a minute for each program, and there are dozens; but for `default`, where it would take none with TF32.
export XLA_PYTHON_CLIENT_PREALLOCATE=false OMP_NUM_THREADS=2 OPENBLAS_NUM_THREADS=2
quickly=()
if [ $DEVICE = gpu ]; then quickly=(env XLA_FLAGS=--xla_gpu_autotune_level=0); fi
for backend in jax-vgg19 torch-vgg19; do
  for precision in $PRECISIONS; do
    if [ $precision = default ]; then how=(); else how=("${quickly[@]}"); fi
    step verify-$backend-$precision 200 "${how[@]}" "$nst" verify $backend --device $DEVICE --precision $precision --json &
  done
  step contract-$backend 120 "${quickly[@]}" "$nst" backends check $backend --device $DEVICE ${ONLY:-} --json &
  step repeated-$backend 120 "${quickly[@]}" "$py" "$HERE/repeated.py" $backend $DEVICE $REPEATED "$WEIGHTS" "$WORK/$backend" $QUICK &
done
step doctor 60 "$nst" doctor --start &
wait
keep

unset OMP_NUM_THREADS OPENBLAS_NUM_THREADS
export XLA_PYTHON_CLIENT_PREALLOCATE=true
step sweep 130 "$nst" sweep "$ROOT/experiments/gpu.yaml" -o "$WORK/sweep" --set weights="$WEIGHTS" --set measure.referee="$WEIGHTS" $SWEEP --json
step sheet 20 "$py" "$HERE/sheet.py" "$WORK/sweep" "$WORK/sweep/sheet.jpg"
keep

# From here on compiled programs are kept: turns need those of the loops, and the gate starts a process for each run.
export JAX_COMPILATION_CACHE_DIR=$WORK/compiled JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS=0
loop() { step "loop-$1" $(($2 + 10)) "$py" "$HERE/loops.py" $DEVICE "$1" "$WEIGHTS" $(($2 * PATIENCE)) $QUICK; }
turns() { XLA_PYTHON_CLIENT_PREALLOCATE=false step "turns-$1" 210 "$py" "$HERE/turns.py" $DEVICE "$1" $TURN "$WEIGHTS" "$WORK/turns" $QUICK; }
set -- $LOOPS
loop "$1" 190
turns "$1"
keep

check() {
  step "check-$1" "$3" "$nst" check "$HERE/check.yaml" --base-python "$py" --candidate-python "$2" --set device=$DEVICE \
    --set weights="$WEIGHTS" $CHECK -o "$WORK/check-$1" --json
}
check slower "$ENV-slowed/bin/python" 100
check equal "$py" 60
keep
loop "$2" 35
if [ $DEVICE = gpu ]; then turns "$2"; fi
loop "$3" 40
unset JAX_COMPILATION_CACHE_DIR
step devices 90 "$py" "$HERE/devices.py" $DEVICE "$WEIGHTS" "$WORK/devices" $QUICK
step compiling 180 "$py" "$HERE/compiling.py" $DEVICE "$1" "$WEIGHTS" "$WORK/compiling" $QUICK
XLA_PYTHON_CLIENT_MEM_FRACTION=.95 step size 60 "$py" "$HERE/sizes.py" $DEVICE $FIRST $LAST $((45 * PATIENCE)) "$WEIGHTS" "$WORK/size" $QUICK
for name in $WANTED; do
  grep -q "^$name"$'\t' "$LOGS/steps.tsv" 2> /dev/null || printf '%s\tno such step\t0\n' "$name" >> "$LOGS/steps.tsv"
done
keep
ended=$?
cat "$OUT/summary.txt"
exit $ended
