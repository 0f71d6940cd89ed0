package main

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"unsafe"
)

// nodesMax bounds a lab: links are kept for every pair.
const nodesMax = 64

var nodeName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$`)

type node struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
	Address   string `json:"address"`

	tun *os.File
	out *outbox
}

// lab is the nodes and the links between them.
type lab struct {
	prefix  string
	seed    uint64
	network netip.Prefix

	mutex     sync.RWMutex
	nodes     map[string]*node
	byAddress map[netip.Addr]*node
	links     map[[2]string]*link
}

func newLab(prefix string, seed uint64, network netip.Prefix) *lab {
	return &lab{
		prefix: prefix, seed: seed, network: network,
		nodes: map[string]*node{}, byAddress: map[netip.Addr]*node{}, links: map[[2]string]*link{},
	}
}

// addNode makes a namespace with a device and an address, and links to every node that is there.
func (l *lab) addNode(name string) (*node, error) {
	if !nodeName.MatchString(name) {
		return nil, fmt.Errorf("name: %q is no node name: lower-case letters, digits and dashes", name)
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.nodes[name] != nil {
		return nil, fmt.Errorf("name: node %q is there already", name)
	}
	if len(l.nodes) >= nodesMax {
		return nil, fmt.Errorf("a lab has at most %d nodes", nodesMax)
	}
	address := l.network.Addr().Next()
	for range len(l.nodes) + 1 {
		address = address.Next()
	}
	made := &node{Name: name, Namespace: l.prefix + "-" + name, Address: address.String()}
	if err := l.plug(made); err != nil {
		_ = command("ip", "netns", "del", made.Namespace)
		return nil, err
	}
	made.out = newOutbox(made.tun)
	for _, other := range l.nodes {
		l.connect(name, other.Name)
		l.connect(other.Name, name)
	}
	l.nodes[name] = made
	l.byAddress[address] = made
	go l.forward(made)
	return made, nil
}

// connect makes the link of one direction; its chance depends on seed and names alone.
func (l *lab) connect(from, to string) {
	var salt uint64 = 14695981039346656037
	for _, b := range []byte(from + ">" + to) {
		salt = (salt ^ uint64(b)) * 1099511628211
	}
	l.links[[2]string{from, to}] = &link{random: rand.New(rand.NewPCG(l.seed, salt))}
}

// plug opens a TUN device here and moves it into the node's new namespace: the open file stays ours.
func (l *lab) plug(made *node) error {
	if err := command("ip", "netns", "add", made.Namespace); err != nil {
		return err
	}
	device := fmt.Sprintf("nl%d-%d", os.Getpid()%100000, len(l.nodes))
	tun, err := openTun(device)
	if err != nil {
		return err
	}
	made.tun = tun
	for _, words := range [][]string{
		{"link", "set", "dev", device, "netns", made.Namespace},
		{"-n", made.Namespace, "link", "set", "dev", device, "name", "lab0"},
		{"-n", made.Namespace, "link", "set", "lo", "up"},
		{"-n", made.Namespace, "address", "add", fmt.Sprintf("%s/%d", made.Address, l.network.Bits()), "dev", "lab0"},
		{"-n", made.Namespace, "link", "set", "dev", "lab0", "up"},
	} {
		if err := command("ip", words...); err != nil {
			return err
		}
	}
	return nil
}

// openTun gives a TUN device without packet information (linux, Documentation/networking/tuntap.rst).
func openTun(name string) (*os.File, error) {
	const (
		tunSetIff = 0x400454ca
		iffTun    = 0x0001
		iffNoPi   = 0x1000
	)
	fd, err := syscall.Open("/dev/net/tun", syscall.O_RDWR|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("/dev/net/tun: %w (the lab needs root and the tun module)", err)
	}
	request := struct {
		name  [16]byte
		flags uint16
		_     [22]byte
	}{flags: iffTun | iffNoPi}
	copy(request.name[:15], name)
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), tunSetIff, uintptr(unsafe.Pointer(&request))); errno != 0 {
		_ = syscall.Close(fd)
		return nil, fmt.Errorf("TUN device %s: %w (the lab needs root)", name, errno)
	}
	return os.NewFile(uintptr(fd), name), nil
}

// forward reads what a node sends until its device closes.
func (l *lab) forward(from *node) {
	buffer := make([]byte, 1<<16)
	for {
		count, err := from.tun.Read(buffer)
		if err != nil {
			return
		}
		packet := buffer[:count]
		if count < 20 || packet[0]>>4 != 4 { // IPv6 neighbour chatter
			continue
		}
		to, found := netip.AddrFromSlice(packet[16:20])
		l.mutex.RLock()
		target := l.byAddress[to]
		var way *link
		if target != nil {
			way = l.links[[2]string{from.Name, target.Name}]
		}
		l.mutex.RUnlock()
		if found && way != nil {
			way.send(packet, target.out)
		}
	}
}

// setConditions changes the links from and to; "*" stands for every node.
func (l *lab) setConditions(from, to string, wanted conditions) error {
	if err := wanted.check(); err != nil {
		return err
	}
	l.mutex.RLock()
	defer l.mutex.RUnlock()
	for _, name := range []string{from, to} {
		if name != "*" && l.nodes[name] == nil {
			return fmt.Errorf("there is no node %q", name)
		}
	}
	for ends, way := range l.links {
		if (from == "*" || from == ends[0]) && (to == "*" || to == ends[1]) {
			way.set(wanted)
		}
	}
	return nil
}

type counter struct {
	From string `json:"from"`
	To   string `json:"to"`
	counts
}

func (l *lab) counters() []counter {
	l.mutex.RLock()
	defer l.mutex.RUnlock()
	out := []counter{}
	for ends, way := range l.links {
		out = append(out, counter{From: ends[0], To: ends[1], counts: way.counted()})
	}
	return out
}

func (l *lab) close() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for _, made := range l.nodes {
		_ = made.tun.Close()
		_ = command("ip", "netns", "del", made.Namespace)
	}
}

func command(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}
