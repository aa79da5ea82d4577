# fib-kernel.sh SPILE PROBE NETWORK DUMP: makes NETWORK in the network namespace that this runs in, and compares the
# answers with the kernel's, as the network was written and as `ip -j` shows it.
set -e
command=$1 probe=$2 network=$3 dump=$4
packet=020000000001020000000002080045000014000000004006000000000000000000000000000000
ip link set lo up
# In a batch of its own what says neither address nor family.
grep -v '^rule.*fd00' "$network" | ip -batch -
grep '^rule.*fd00' "$network" | ip -6 -batch -
sysctl -q -w net.ipv4.conf.all.forwarding=1 net.ipv6.conf.all.forwarding=1
compare() {
  for program in tc xdp; do
    printf '%s %s ' $1 $program
    "$command" exec "$probe" --packet $packet --prog $program --engine=kernel,interp,jit --net "$2" | head -1
  done
}
compare words "$network"
# Whether an MTU is locked is lost in JSON.
ip route del 10.23.0.0/16
for what in addr netconf "route show table all" rule "-6 rule" neigh; do
  case $what in
    -6*) ip -6 -j ${what#-6} ;;
    *) ip -j $what ;;
  esac
done >"$dump"
compare dump "$dump"
