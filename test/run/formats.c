// RUN: %spile run -f json %s | %python %inputs/read_format.py json | FileCheck %s --check-prefix=JSON
// Without it, what a program reads from a run could miss a value, lose its name, or be no JSON, CSV or OpenMetrics.
// RUN: %spile run -f csv %s | %python %inputs/read_format.py csv | FileCheck %s --check-prefix=CSV
// RUN: %spile run -f openmetrics %s 2>%t.err | %python %inputs/read_format.py openmetrics | FileCheck %s --check-prefix=METRICS
// RUN: FileCheck %s --check-prefix=ASIDE <%t.err
// RUN: %python %inputs/exits.py 2 %spile run -f xml %s 2>&1 | FileCheck %s --check-prefix=NAME
#include "vmlinux.h"
#include <spile_tables.h>

enum kind { FILE_KIND = 3, PIPE_KIND };

struct who {
	char name[8];
	u32 number;
};
struct measured {
	s64 small;
	enum kind kind;
	struct {
		bool is_on;
		u8 bytes[2];
	} inner;
	u32 low : 4, high : 28;
	struct {
		u64 few : 6, most : 60; // in nine bytes
		s64 minus : 62;
	} __attribute__((packed)) wide;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, struct who);
	__type(value, struct measured);
} samples SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
	__type(value, struct measured);
} events SEC(".maps");

COUNT(hits, u32);
HIST(sizes);
LHIST(steps, 0, 30, 10);

SEC("syscall")
int fill(void *ctx)
{
	struct who who = { "a \"b\",c", 7 };
	struct measured sample = { -5, PIPE_KIND, { true, { 1, 2 } }, 9, 1000, { 5, 0xfedcba987654321, -3 } };

	bpf_map_update_elem(&samples, &who, &sample, BPF_ANY);
	bpf_ringbuf_output(&events, &sample, sizeof(sample), 0);
	count(hits, 11);
	count(hits, 11);
	hist(sizes, 5);
	hist(sizes, 0);
	lhist(steps, 25, 0, 30, 10);
	lhist(steps, 99, 0, 30, 10);
	printf("one, \"two\"\n");
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

// JSON: {"printed": "one, \"two\""}
// JSON: {"record": "events", "value": {"small": -5, "kind": "PIPE_KIND", "inner": {"is_on": true, "bytes": [1, 2]}, "low": 9, "high": 1000, "wide": {"few": 5, "most": 1147797409030816545, "minus": -3}}}
// JSON: {"map": "samples", "key": {"name": "a \"b\",c", "number": 7}, "value": {"small": -5,
// JSON: {"map": "hits", "key": 11, "value": 2}
// JSON: {"map": "sizes", "histogram": [{"min": 0, "max": 0, "count": 1}, {"min": 4, "max": 7, "count": 1}]}
// JSON: {"map": "steps", "histogram": [{"min": 20, "max": 29, "count": 1}, {"min": 30, "count": 1}]}

// CSV: {'record': 'events', 'small': '-5', 'kind': 'PIPE_KIND', 'inner.is_on': 'true', 'inner.bytes.0': '1', 'inner.bytes.1': '2', 'low': '9', 'high': '1000', 'wide.few': '5', 'wide.most': '1147797409030816545', 'wide.minus': '-3'}
// CSV: {'map': 'samples', 'key.name': 'a "b",c', 'key.number': '7', 'small': '-5',
// CSV: {'map': 'hits', 'key': '11', 'value': '2'}
// CSV: {'map': 'sizes', 'min': '4', 'max': '7', 'count': '1'}

// METRICS: samples_small{name="a \"b\",c",number="7"} -5
// METRICS: samples_inner_is_on{name="a \"b\",c",number="7"} 1
// METRICS: hits_total{key="11"} 2
// METRICS: sizes_bucket{le="0"} 1
// METRICS: sizes_bucket{le="7"} 2
// METRICS: sizes_bucket{le="+Inf"} 2
// METRICS: sizes_count 2
// METRICS: steps_bucket{le="29"} 1
// METRICS: steps_bucket{le="+Inf"} 2
// ASIDE: one, "two"
// ASIDE: events: { .small = -5,
// NAME: -f takes text, json, csv or openmetrics, not `xml`
