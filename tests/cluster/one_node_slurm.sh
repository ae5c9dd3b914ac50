#!/usr/bin/env bash
# Starts a real Slurm on this one machine, with accounting, for the tests of sweeps. Needs root on Debian or Ubuntu.
#
#   one_node_slurm.sh start    install what is missing, start every daemon that does not run, wait until a job runs
#   one_node_slurm.sh stop     end the daemons
#
# Exit code 3 means that it cannot be done here; the last line says why. It overwrites /etc/slurm: not for a machine
# that belongs to a cluster. Machines without systemd and cgroups will do (processes are followed by linuxproc).
set -euo pipefail

HOST=$(hostname -s)
ETC=/etc/slurm
LOGS=/var/log/slurm

impossible() {
    echo "not shown: $*"
    exit 3
}

install_packages() {
    command -v slurmctld >/dev/null && command -v slurmdbd >/dev/null && command -v munged >/dev/null &&
        command -v mariadbd >/dev/null && return
    command -v apt-get >/dev/null || impossible "Slurm is not installed, and there is no apt-get"
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        slurm-wlm munge slurmdbd mariadb-server >"$1" 2>&1 || impossible "Slurm cannot be installed; see $1"
}

start_munge() {
    pgrep -x munged >/dev/null && return
    install -d -o munge -g munge -m 0711 /run/munge
    install -d -o munge -g munge -m 0700 /var/log/munge /var/lib/munge
    runuser -u munge -- /usr/sbin/munged
}

start_database() {
    pgrep -x mariadbd >/dev/null && return
    install -d -o mysql -g mysql /run/mysqld
    [[ -d /var/lib/mysql/mysql ]] || mariadb-install-db --user=mysql --datadir=/var/lib/mysql >/dev/null
    setsid mariadbd --user=mysql --skip-networking >/var/log/mariadbd.log 2>&1 &
    for _ in $(seq 60); do
        mariadb-admin ping >/dev/null 2>&1 && return
        sleep 0.5
    done
    impossible "mariadb does not answer; see /var/log/mariadbd.log"
}

write_settings() {
    local cores memory
    cores=$(nproc)
    memory=$(($(free -m | awk '/^Mem:/{print $2}') - 512))
    install -d -m 0755 /var/spool/slurmctld /var/spool/slurmd "$LOGS" "$ETC"
    mariadb -e "create database if not exists slurm_acct_db;
        create user if not exists 'root'@'localhost' identified via unix_socket;
        grant all on slurm_acct_db.* to 'root'@'localhost';"
    cat >"$ETC/slurmdbd.conf" <<CONF
AuthType=auth/munge
DbdHost=$HOST
SlurmUser=root
StorageType=accounting_storage/mysql
StorageUser=root
StorageLoc=slurm_acct_db
LogFile=$LOGS/slurmdbd.log
PidFile=/run/slurmdbd.pid
CONF
    chmod 600 "$ETC/slurmdbd.conf"
    cat >"$ETC/slurm.conf" <<CONF
ClusterName=local
SlurmctldHost=$HOST
SlurmUser=root
AuthType=auth/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=$HOST
JobAcctGatherType=jobacct_gather/linux
MpiDefault=none
StateSaveLocation=/var/spool/slurmctld
SlurmdSpoolDir=/var/spool/slurmd
SlurmctldLogFile=$LOGS/slurmctld.log
SlurmdLogFile=$LOGS/slurmd.log
SchedulerParameters=sched_interval=1,defer=0
KillWait=5
MinJobAge=60
NodeName=$HOST CPUs=$cores RealMemory=$memory State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
}

start_slurm() {
    pgrep -x slurmdbd >/dev/null || slurmdbd
    for _ in $(seq 40); do
        sacctmgr -n show cluster >/dev/null 2>&1 && break
        sleep 0.5
    done
    sacctmgr -n show cluster local 2>/dev/null | grep -q local || sacctmgr -i add cluster local >/dev/null 2>&1 || true
    pgrep -x slurmctld >/dev/null || slurmctld
    pgrep -x slurmd >/dev/null || slurmd
    for _ in $(seq 60); do
        sinfo -h -o '%T' 2>/dev/null | grep -qE 'idle|mixed|allocated' && return
        scontrol update nodename="$HOST" state=resume >/dev/null 2>&1 || true
        sleep 0.5
    done
    impossible "no node becomes ready; see $LOGS"
}

case ${1:-start} in
start)
    ((EUID == 0)) || impossible "starting Slurm needs root"
    install_packages "$(mktemp)"
    start_munge
    start_database
    write_settings
    start_slurm
    timeout 60 srun -n1 true || impossible "a job does not run; see $LOGS"
    echo "ready"
    ;;
stop)
    pkill -x slurmctld || true
    pkill -x slurmd || true
    pkill -x slurmdbd || true
    pkill -x mariadbd || true
    pkill -x munged || true
    ;;
*)
    echo "use: one_node_slurm.sh start|stop" >&2
    exit 2
    ;;
esac
