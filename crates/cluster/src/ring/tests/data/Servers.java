// Adds a line `server` to each replication of standard input: the full replicas of the range that
// each token ends, in the order of Cassandra's own classes. For rings.py; its class path is the
// jars of Cassandra 4.1 or 5.0.

import java.io.*;
import java.util.*;
import java.util.stream.*;
import org.apache.cassandra.config.*;
import org.apache.cassandra.dht.*;
import org.apache.cassandra.dht.Murmur3Partitioner.LongToken;
import org.apache.cassandra.locator.*;

public class Servers {
    static final Map<InetAddressAndPort, String[]> hosts = new LinkedHashMap<>();

    public static void main(String[] arguments) throws Exception {
        PrintStream out = System.out;
        System.setOut(System.err); // where they log
        Config config = new Config();
        config.num_tokens = 1;
        config.transient_replication_enabled = true;
        DatabaseDescriptor.clientInitialization(true, () -> config);
        DatabaseDescriptor.setPartitionerUnsafe(Murmur3Partitioner.instance);
        IEndpointSnitch snitch = new AbstractNetworkTopologySnitch() {
            public String getDatacenter(InetAddressAndPort host) { return hosts.get(host)[1]; }
            public String getRack(InetAddressAndPort host) { return hosts.get(host)[2]; }
        };
        DatabaseDescriptor.setEndpointSnitch(snitch);
        TokenMetadata ring = null;
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = in.readLine()) != null; out.println(line)) {
            String[] words = line.split(" ");
            if (words[0].equals("ring")) {
                hosts.clear();
                ring = new TokenMetadata(snitch);
            } else if (words[0].equals("host")) {
                InetAddressAndPort host = InetAddressAndPort.getByName("10.0.0." + (1 + hosts.size()));
                hosts.put(host, words);
                List<Token> tokens = Arrays.stream(words).skip(3)
                    .map(Long::parseLong).map(LongToken::new).collect(Collectors.toList());
                if (!tokens.isEmpty()) ring.updateNormalTokens(tokens, host);
            } else if (words[0].equals("replication")) {
                line += "\nserver" + replicas(ring, snitch, words);
            }
        }
    }

    static String replicas(TokenMetadata ring, IEndpointSnitch snitch, String[] words) {
        Map<String, String> options = new HashMap<>();
        Arrays.stream(words).skip(1).map(word -> word.split("=")).forEach(o -> options.put(o[0], o[1]));
        AbstractReplicationStrategy strategy = options.remove("class").endsWith("SimpleStrategy")
            ? new SimpleStrategy("k", ring, snitch, options)
            : new NetworkTopologyStrategy("k", ring, snitch, options);
        List<InetAddressAndPort> known = new ArrayList<>(hosts.keySet());
        return ring.sortedTokens().stream()
            .map(token -> strategy.calculateNaturalReplicas(token, ring).stream().filter(Replica::isFull)
                .map(replica -> Integer.toString(known.indexOf(replica.endpoint()), 36))
                .collect(Collectors.joining()))
            .map(list -> list.isEmpty() ? " ." : " " + list).collect(Collectors.joining());
    }
}
