# shellcheck shell=bash
# slurm/cluster.sh - a SLURM cluster of two virtual nodes for one test; source it, then:
#
#   cluster_missing            says which programs are missing and succeeds, or fails when all are there
#   cluster_start DIR          munge, slurmctld and a slurmd a node, on the loopback interface, everything in DIR
#   cluster_stop               cancels jobs and ends exactly the daemons that cluster_start began
#
# Nothing outside DIR is touched and a SLURM or munge of the system goes on undisturbed: key, socket, ports, spool and
# state are the cluster's own. Works as any user. CLUSTER_CPUS: processors each node claims (default 2).
#
# Four things a cluster inside one machine needs: no cgroups (proctrack/linuxproc, task/none, and newer SLURM told so);
# each slurmd its own PMIx folder, hence its own mpi.conf; shared memory off in Open MPI, because the ranks of two "nodes"
# would meet under one name in /dev/shm; cred_expire short, because it is also how long a requeued job waits (two minutes
# by default).

cluster_nodes=(n1 n2)
cluster_dir=

cluster_missing() {
    local tool missing=()
    PATH=$PATH:/usr/sbin:/sbin
    for tool in munged munge slurmctld slurmd sbatch srun squeue scontrol scancel sinfo; do
        command -v "$tool" >/dev/null || missing+=("$tool")
    done
    [ ${#missing[@]} -gt 0 ] || return 1
    echo "skipped: no SLURM here, missing: ${missing[*]} (Debian: slurmctld slurmd slurm-client munge)"
}

# within SECONDS COMMAND...: tries until it succeeds
within() {
    local tries=$(($1 * 5))
    shift
    while [ "$tries" -gt 0 ]; do
        "$@" >/dev/null 2>&1 && return 0
        tries=$((tries - 1))
        sleep 0.2
    done
    return 1
}

# A block of free ports: four that nobody listens on.
cluster_port() {
    local port step
    for step in $(seq 1 50); do
        port=$((20000 + (RANDOM * 7 + step * 10 + $$) % 30000))
        cluster_listens "$port" $((port + 1)) $((port + 2)) || { echo "$port"; return; }
    done
    return 1
}

cluster_listens() { # cluster_listens PORT...: somebody listens on one of them
    local port
    for port in "$@"; do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && return 0
    done
    return 1
}

# A slurmd of 24.11 does not start without a cgroup filesystem, which a container may lack, unless its cgroup.conf says
# so; one of 22.05 does not start with that word.
cluster_can_do_without_cgroups() {
    local version
    version=$(slurmd -V | awk '{ print $2 }')
    [ "$(printf '%s\n' 23.11 "$version" | sort -V | head -n 1)" = 23.11 ]
}

cluster_write_conf() { # cluster_write_conf PORT
    local host node number=0 memory mpi=none plugin
    host=$(hostname -s 2>/dev/null || hostname)
    memory=$(awk '/^MemTotal/ { print int($2 / 1024 / 2) }' /proc/meminfo)
    for plugin in /usr/lib/*/slurm-wlm/mpi_pmix.so /usr/lib*/slurm/mpi_pmix.so; do
        [ ! -e "$plugin" ] || mpi=pmix
    done
    {
        cat <<CONF
ClusterName=synvid-test
SlurmctldHost=$host(127.0.0.1)
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
AuthInfo=socket=$cluster_dir/munge.socket,cred_expire=5
CredType=cred/munge
SlurmctldPort=$1
StateSaveLocation=$cluster_dir/state
SlurmdSpoolDir=$cluster_dir/spool.%n
SlurmctldPidFile=$cluster_dir/slurmctld.pid
SlurmdPidFile=$cluster_dir/slurmd.%n.pid
SlurmctldLogFile=$cluster_dir/slurmctld.log
SlurmdLogFile=$cluster_dir/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=$mpi
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_min_interval=100000,sched_interval=2,bf_interval=2
ReturnToService=2
SlurmctldTimeout=30
SlurmdTimeout=30
KillWait=5
MinJobAge=3600
InactiveLimit=0
JobRequeue=1
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc=$cluster_dir/jobs.txt
CONF
        for node in "${cluster_nodes[@]}"; do
            number=$((number + 1))
            echo "NodeName=$node NodeHostname=$host NodeAddr=127.0.0.1 Port=$(($1 + number)) CPUs=${CLUSTER_CPUS:-2} RealMemory=$memory State=UNKNOWN"
        done
        echo "PartitionName=test Nodes=ALL Default=YES MaxTime=INFINITE DefaultTime=10 OverSubscribe=NO State=UP"
    } >"$cluster_dir/slurm.conf"
    for node in "${cluster_nodes[@]}"; do
        mkdir -p "$cluster_dir/conf.$node/tmp" "$cluster_dir/spool.$node"
        ln -sfn ../slurm.conf "$cluster_dir/conf.$node/slurm.conf"
        echo "PMIxCliTmpDirBase=$cluster_dir/conf.$node/tmp" >"$cluster_dir/conf.$node/mpi.conf"
        ! cluster_can_do_without_cgroups || echo "CgroupPlugin=disabled" >"$cluster_dir/conf.$node/cgroup.conf"
    done
}

cluster_is_up() {
    [ "$(sinfo -h -N -o %t | grep -cE '^(idle|mix|alloc)$')" -eq ${#cluster_nodes[@]} ]
}

cluster_start_node() { # cluster_start_node NODE
    SLURM_CONF=$cluster_dir/conf.$1/slurm.conf slurmd -N "$1" -f "$cluster_dir/conf.$1/slurm.conf"
}

cluster_start() { # cluster_start DIR
    local port node
    cluster_dir=$1
    mkdir -p "$cluster_dir/state"
    chmod 755 "$cluster_dir"
    port=$(cluster_port) || { echo "no free ports on the loopback interface"; return 1; }
    cluster_write_conf "$port"
    (umask 077 && head -c 1024 /dev/urandom >"$cluster_dir/munge.key")
    munged --force --key-file="$cluster_dir/munge.key" --socket="$cluster_dir/munge.socket" --num-threads=2 \
        --pid-file="$cluster_dir/munged.pid" --log-file="$cluster_dir/munged.log" --seed-file="$cluster_dir/munge.seed" || return 1
    within 10 munge -n -S "$cluster_dir/munge.socket" || { cat "$cluster_dir/munged.log"; return 1; }
    export SLURM_CONF=$cluster_dir/slurm.conf OMPI_MCA_btl=tcp,self OMPI_MCA_btl_tcp_if_include=lo
    : >"$cluster_dir/jobs.txt"
    slurmctld -c -f "$SLURM_CONF" || return 1
    within 20 scontrol ping || { tail "$cluster_dir/slurmctld.log"; return 1; }
    for node in "${cluster_nodes[@]}"; do cluster_start_node "$node" || return 1; done
    within 40 cluster_is_up || { sinfo -N -l; tail "$cluster_dir"/slurmd.*.log; return 1; }
}

# Ends the process of a pid file, if that still is the program we started.
cluster_end() { # cluster_end PIDFILE PROGRAM
    local pid tries=100
    pid=$(cat "$1" 2>/dev/null) || return 0
    [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$2" ] || return 0
    kill -TERM "$pid" 2>/dev/null
    while [ "$tries" -gt 0 ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$2" ]; do
        tries=$((tries - 1))
        sleep 0.1
    done
    [ "$tries" -gt 0 ] || kill -KILL "$pid" 2>/dev/null || true
}

cluster_is_empty() { [ -z "$(squeue -h)" ]; }

cluster_stop() {
    local node
    [ -n "$cluster_dir" ] || return 0
    timeout 10 scancel --quiet --user="$(id -un)" 2>/dev/null || true
    within 15 cluster_is_empty || true
    for node in "${cluster_nodes[@]}"; do cluster_end "$cluster_dir/slurmd.$node.pid" slurmd; done
    cluster_end "$cluster_dir/slurmctld.pid" slurmctld
    cluster_end "$cluster_dir/munged.pid" munged
    cluster_dir=
}
