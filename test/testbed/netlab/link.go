package main

import (
	"container/heap"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"time"
)

// conditions are what a link does to packets of one direction. The zero value hands them on at once.
type conditions struct {
	DelayMs  float64 `json:"delayMs"`
	JitterMs float64 `json:"jitterMs"` // added to the delay, uniform from 0; packets stay in order
	// Loss of single packets.
	LossPercent float64 `json:"lossPercent"`
	// Loss in runs (Gilbert's two states in time): the share of time in which all is lost, and how long such a time lasts in the mean.
	BurstLossPercent float64 `json:"burstLossPercent"`
	BurstMeanMs      float64 `json:"burstMeanMs"`
	DuplicatePercent float64 `json:"duplicatePercent"`
	// These packets overtake: they are not delayed.
	ReorderPercent float64 `json:"reorderPercent"`
	// A black hole.
	Blocked bool `json:"blocked"`
}

func (c conditions) check() error {
	for name, percent := range map[string]float64{
		"lossPercent": c.LossPercent, "burstLossPercent": c.BurstLossPercent,
		"duplicatePercent": c.DuplicatePercent, "reorderPercent": c.ReorderPercent,
	} {
		if percent < 0 || percent > 100 {
			return fmt.Errorf("%s: %v is not between 0 and 100", name, percent)
		}
	}
	for name, ms := range map[string]float64{"delayMs": c.DelayMs, "jitterMs": c.JitterMs, "burstMeanMs": c.BurstMeanMs} {
		if ms < 0 || ms > 60_000 {
			return fmt.Errorf("%s: %v is not between 0 and 60000", name, ms)
		}
	}
	if c.BurstLossPercent > 0 && (c.BurstMeanMs == 0 || c.BurstLossPercent == 100) {
		return fmt.Errorf("burstLossPercent: needs burstMeanMs above 0, and is below 100 (blocked loses all)")
	}
	return nil
}

type counts struct {
	Forwarded  uint64 `json:"forwarded"`
	Dropped    uint64 `json:"dropped"`
	Duplicated uint64 `json:"duplicated"`
}

type link struct {
	mutex  sync.Mutex
	random *rand.Rand
	is     conditions
	counts counts
	// The burst state and when it ends.
	inBurst    bool
	stateEnds  time.Time
	lastDepart time.Time
}

func (l *link) set(wanted conditions) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.is = wanted
	l.inBurst, l.stateEnds = false, time.Time{}
}

func (l *link) counted() counts {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.counts
}

func (l *link) chance(percent float64) bool { return percent > 0 && l.random.Float64()*100 < percent }

// burst moves the two-state process on to now; both states last exponentially long.
func (l *link) burst(now time.Time) bool {
	if l.is.BurstLossPercent == 0 {
		return false
	}
	goodMeanMs := l.is.BurstMeanMs * (100 - l.is.BurstLossPercent) / l.is.BurstLossPercent
	if l.stateEnds.IsZero() {
		l.stateEnds = now.Add(milliseconds(l.random.ExpFloat64() * goodMeanMs))
	}
	for now.After(l.stateEnds) {
		l.inBurst = !l.inBurst
		mean := goodMeanMs
		if l.inBurst {
			mean = l.is.BurstMeanMs
		}
		l.stateEnds = l.stateEnds.Add(milliseconds(l.random.ExpFloat64() * mean))
	}
	return l.inBurst
}

// send decides what becomes of a packet and hands copies to the outbox with their times.
func (l *link) send(packet []byte, to *outbox) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	now := time.Now()
	if l.burst(now) || l.is.Blocked || l.chance(l.is.LossPercent) {
		l.counts.Dropped++
		return
	}
	copies := 1
	if l.chance(l.is.DuplicatePercent) {
		copies = 2
		l.counts.Duplicated++
	}
	for range copies {
		if to.put(append([]byte(nil), packet...), l.departure(now)) {
			l.counts.Forwarded++
		} else {
			l.counts.Dropped++
		}
	}
}

func (l *link) departure(now time.Time) time.Time {
	if l.chance(l.is.ReorderPercent) {
		return now
	}
	at := now.Add(milliseconds(l.is.DelayMs + l.random.Float64()*l.is.JitterMs))
	if at.Before(l.lastDepart) {
		at = l.lastDepart
	}
	l.lastDepart = at
	return at
}

func milliseconds(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// outboxMax bounds the packets under way to one node; more are dropped and counted, as by a full router.
const outboxMax = 20_000

// outbox holds packets until their time and writes them to a node's device.
type outbox struct {
	mutex sync.Mutex
	queue packets
	order uint64
	wake  chan struct{}
}

func newOutbox(tun *os.File) *outbox {
	o := &outbox{wake: make(chan struct{}, 1)}
	go o.run(tun)
	return o
}

func (o *outbox) put(packet []byte, at time.Time) bool {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if len(o.queue) >= outboxMax {
		return false
	}
	o.order++
	heap.Push(&o.queue, waiting{packet: packet, at: at, order: o.order})
	// Whoever waits waits for the first: a later packet need not wake it.
	if o.queue[0].order == o.order {
		select {
		case o.wake <- struct{}{}:
		default:
		}
	}
	return true
}

// next takes the packet whose time has come; else says how long to wait.
func (o *outbox) next() ([]byte, time.Duration) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if len(o.queue) == 0 {
		return nil, time.Hour
	}
	if left := time.Until(o.queue[0].at); left > 0 {
		return nil, left
	}
	return heap.Pop(&o.queue).(waiting).packet, 0
}

func (o *outbox) run(tun *os.File) {
	timer := time.NewTimer(time.Hour)
	for {
		packet, left := o.next()
		if packet == nil {
			timer.Reset(left)
			select {
			case <-o.wake:
			case <-timer.C:
			}
			continue
		}
		if _, err := tun.Write(packet); errors.Is(err, os.ErrClosed) {
			return
		}
	}
}

type waiting struct {
	packet []byte
	at     time.Time
	order  uint64
}

// packets is a heap by time, then by arrival.
type packets []waiting

func (p packets) Len() int { return len(p) }
func (p packets) Less(i, j int) bool {
	if p[i].at.Equal(p[j].at) {
		return p[i].order < p[j].order
	}
	return p[i].at.Before(p[j].at)
}
func (p packets) Swap(i, j int) { p[i], p[j] = p[j], p[i] }
func (p *packets) Push(x any)   { *p = append(*p, x.(waiting)) }
func (p *packets) Pop() any {
	old := *p
	last := old[len(old)-1]
	*p = old[:len(old)-1]
	return last
}
