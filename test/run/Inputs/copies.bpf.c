#include "vmlinux.h"
#include <spile_tables.h>

COUNT(packets);
u32 number;

SEC("tc")
int copies(struct __sk_buff *skb)
{
	if (number++ > 1)
		return 0;
	bpf_clone_redirect(skb, 7, 0);
	bpf_skb_change_tail(skb, 40, 0);
	bpf_clone_redirect(skb, 8, BPF_F_INGRESS);
	return number == 1 ? bpf_redirect_peer(9, 0) : 2;
}

SEC("socket")
int counts(struct __sk_buff *skb)
{
	count(packets);
	return skb->len;
}

char LICENSE[] SEC("license") = "GPL";
