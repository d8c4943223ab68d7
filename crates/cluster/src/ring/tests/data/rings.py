"""Makes rings.txt: rings, replications, and the replicas of each range as Cassandra 5.0.9 and the
Python driver 3.30.1 (`pip install cassandra-driver`) name them.

    javac -cp "$JARS/*" -d . Servers.java
    python3 rings.py | java -cp ".:$JARS/*" Servers > rings.txt

A host is a digit of base 36, a word the replicas of the range that the next higher token ends, and
`.` are none. The driver's lists go by data center, and within it racks before hosts, so only their hosts count. There
is `-` where it names a host twice: it does so with several tokens a host, fewer racks than replicas,
and is wrong then. Nor is it asked about transient replicas by data center: it chooses among full
ones as though there were no others.
"""

import random

from cassandra.metadata import ReplicationStrategy, Murmur3Token

LOCATOR = "org.apache.cassandra.locator."
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Host:
    def __init__(self, index, datacenter, rack):
        self.index, self.datacenter, self.rack = index, datacenter, rack


def ring(name, places, tokens, options):
    print("ring", name)
    owners = {}
    for index, (data_center, rack) in enumerate(places):
        host = Host(index, data_center, rack)
        own = [random.randrange(-(2**63), 2**63) for _ in range(tokens(index))]
        print("host", data_center, rack, *own)
        owners |= {Murmur3Token(token): host for token in own}
    sorted_tokens = sorted(owners)
    for strategy, factors in options:
        print("replication", f"class={LOCATOR}{strategy}", *(f"{k}={v}" for k, v in factors.items()))
        if strategy == "SimpleStrategy" or "/" not in "".join(map(str, factors.values())):
            replicas = ReplicationStrategy.create(LOCATOR + strategy, dict(factors))
            replicas = replicas.make_token_replica_map(owners, sorted_tokens)
            print("driver", *(word(replicas[token]) for token in sorted_tokens))


def word(hosts):
    named = [DIGITS[host.index] for host in hosts]
    return ("".join(named) or ".") if len(set(named)) == len(named) else "-"


def simple(*factors):
    return [("SimpleStrategy", {"replication_factor": factor}) for factor in factors]


def network(**factors):
    return ("NetworkTopologyStrategy", factors)


def spread(**racks):
    """So many hosts in each rack of each data center, in any order."""
    places = [(dc, f"r{rack}") for dc, counts in racks.items()
              for rack, count in enumerate(counts) for _ in range(count)]
    random.shuffle(places)
    return places


def each(dc, *factors):
    return [network(**{dc: factor}) for factor in factors]


random.seed(20261128)
ring("one-host", spread(dc1=[1]), lambda _: 1, simple(1, 3) + each("dc1", 1, 3) + each("dc2", 1))
ring("three-hosts", spread(dc1=[3]), lambda _: 16, simple(1, 2, 3, 4) + each("dc1", 1, 2, 3, "3/1"))
ring("three-racks", spread(dc1=[2, 2, 2]), lambda _: 1,
     simple(2, "3/1") + each("dc1", 1, 2, 3, 4, 5, 6, 9, "3/1", "4/1", "5/2"))
ring("uneven-racks", spread(dc1=[5, 2, 1]), lambda _: 8,
     simple(3) + each("dc1", 1, 2, 3, 4, 5, 6, 7, 8, 100, "3/1", "5/2", "8/3", "9/3"))
ring("a-rack-a-host", spread(dc1=[1] * 7), lambda _: 4, each("dc1", 1, 3, 6, 7, 8, "7/2"))
ring("two-data-centers", spread(dc1=[2, 2, 2], dc2=[4, 1]), lambda _: 8,
     simple(5) + each("dc1", 3) + each("dc2", 3) + each("dc3", 3)
     + [network(dc1=3, dc2=3), network(dc1=2, dc2=1), network(dc1=4, dc2=5), network(dc1=7, dc2=0),
        network(dc1=1, dc3=2), network(dc1="3/1", dc2="3/1"), network(dc1="5/2", dc2=2)])
ring("three-data-centers", spread(dc1=[4, 3, 3], dc2=[3, 3, 3], dc3=[1, 1]), lambda _: 16,
     simple(3) + [network(dc1=3, dc2=3, dc3=2), network(dc1=4, dc2=2, dc3=3),
                  network(dc1=5, dc2=5), network(dc3=1), network(dc1="3/1", dc2=3, dc3="2/1")])
ring("uneven-tokens", spread(dc1=[3, 2], dc2=[2, 1, 1]), lambda index: index * 3,
     simple(3, 20) + [network(dc1=3, dc2=3), network(dc1=2, dc2=4), network(dc1=9, dc2=9)])
ring("racks-of-one-name", [("dc1", "r1"), ("dc2", "r1"), ("dc2", "r2"), ("dc1", "r1"), ("dc2", "r1")],
     lambda _: 12, [network(dc1=1, dc2=2), network(dc1=2, dc2=2), network(dc1=2, dc2=3)])
