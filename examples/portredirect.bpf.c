// Sends what comes for one TCP port to another, and lets the answers come from the first: one program for each way.
//
//     spile run portredirect.bpf.c -i tcpsummary.pcap --pass redirected.pcap -G from=8080 -G to=80
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <spile.h>
#include <bpf/bpf_endian.h>

OPTION(int, from, 8080, "the port that clients know");
OPTION(int, to, 80, "the port that the server has");

/* Puts [now] where the port [was] stands at [offset] of the TCP header; the checksum follows. */
static __always_inline int replace_port(struct __sk_buff *skb, int offset, int was, int now)
{
	__be16 old_port = bpf_htons(was), new_port = bpf_htons(now), found;
	struct iphdr ip;
	__u32 tcp;

	if (skb->protocol != bpf_htons(ETH_P_IP) || bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)) < 0)
		return TC_ACT_OK;
	tcp = ETH_HLEN + ip.ihl * 4;
	if (ip.protocol != IPPROTO_TCP || bpf_skb_load_bytes(skb, tcp + offset, &found, sizeof(found)) < 0)
		return TC_ACT_OK;
	if (found != old_port)
		return TC_ACT_OK;
	if (bpf_l4_csum_replace(skb, tcp + offsetof(struct tcphdr, check), old_port, new_port, sizeof(new_port)) < 0)
		return TC_ACT_SHOT;
	if (bpf_skb_store_bytes(skb, tcp + offset, &new_port, sizeof(new_port), 0) < 0)
		return TC_ACT_SHOT;
	return TC_ACT_OK;
}

SEC("tc/ingress")
int requests(struct __sk_buff *skb)
{
	return replace_port(skb, offsetof(struct tcphdr, dest), from, to);
}

SEC("tc/egress")
int answers(struct __sk_buff *skb)
{
	return replace_port(skb, offsetof(struct tcphdr, source), to, from);
}

char LICENSE[] SEC("license") = "GPL";

//@ !test a request for 8080 goes to 80, and its checksum fits
//@ +0us  tc/ingress  packet=hex:02000000000102000000000908004500002800004000400626c70a0000090a00000104d21f9000000001000000005002200057760000
//@ =     packet == hex:02000000000102000000000908004500002800004000400626c70a0000090a00000104d2005000000001000000005002200076b60000
//@ +0us  tc/ingress  packet=hex:02000000000102000000000908004500002800004000400626c70a0000090a00000104d2005000000001000000005002200076b60000
//@ =     packet == hex:02000000000102000000000908004500002800004000400626c70a0000090a00000104d2005000000001000000005002200076b60000
//@
//@ !test the answer of 80 comes from 8080
//@ +0us  tc/egress  packet=hex:02000000000102000000000908004500002800004000400626c70a0000010a000009005004d200000001000000005012200076a60000
//@ =     ret == TC_ACT_OK
//@ =     packet == hex:02000000000102000000000908004500002800004000400626c70a0000010a0000091f9004d200000001000000005012200057660000
