// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.kafka;

import dev.outboxrelay.sink.tcp.Printable;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which brokers of a cluster answer, and why others do not. A connection counts once something has
 * come back on it: a broker that stalls, or speaks TLS when we do not, takes connections too.
 */
final class Nodes {
  /** Each may be one of the uri's hosts and a broker of the cluster. */
  private static final int LEAST_FAILURES = 3;

  private static final int MAX_KEPT = 100;
  private static final int MAX_SHOWN = 3;
  private static final int MAX_WORDS = 200;

  // Guarded by the monitor, under which nothing blocks.
  private final Map<String, String> hosts = new HashMap<>();
  private final Map<String, String> addresses = new HashMap<>();
  private final Set<String> answering = new HashSet<>();
  private final Map<String, String> failures = new LinkedHashMap<>();
  private int failedInARow;
  private boolean described;
  private @Nullable String endedHost;

  /** A connection is begun. */
  synchronized void tried(String id, String host, int port) {
    hosts.put(id, host);
    addresses.put(id, address(host, port));
  }

  /** One of them has told which there are. */
  synchronized void described() {
    described = true;
  }

  /**
   * Something came back on it. What came before the cluster was described does not count: a broker
   * that wants a login tells its version to everybody.
   */
  synchronized void answered(String id) {
    if (!described) {
      return;
    }
    failedInARow = 0;
    if (answering.add(id)) {
      failures.remove(addresses.getOrDefault(id, id));
    }
  }

  /** It has ended, or could not be made. */
  synchronized void ended(String id, String why) {
    endedHost = hosts.remove(id);
    String address = addresses.remove(id);
    if (!answering.remove(id) && address != null) {
      failed(address, why);
    }
  }

  /** A host's name cannot be looked up. */
  synchronized void unknown(String host) {
    failed(host, "the host name is not known");
  }

  /** It can. */
  synchronized void found(String host) {
    failures.remove(host);
  }

  private void failed(String address, String why) {
    failedInARow++;
    if (failures.size() < MAX_KEPT || failures.containsKey(address)) {
      failures.put(address, why);
    }
  }

  /**
   * Whether none answers and all have been tried in vain.
   *
   * @param known how many brokers there are
   */
  synchronized boolean gone(int known) {
    return answering.isEmpty() && failedInARow >= Math.max(LEAST_FAILURES, known + 1);
  }

  /** The host whose connection ended last. */
  synchronized @Nullable String endedHost() {
    return endedHost;
  }

  /** Why brokers do not answer, null when nothing is known. */
  synchronized @Nullable String words() {
    if (failures.isEmpty()) {
      return null;
    }
    StringBuilder words = new StringBuilder();
    failures.entrySet().stream()
        .limit(MAX_SHOWN)
        .forEach(
            each ->
                words
                    .append(words.isEmpty() ? "" : "; ")
                    .append(Printable.text(each.getKey(), MAX_WORDS))
                    .append(": ")
                    .append(each.getValue()));
    return words.toString();
  }

  private static String address(String host, int port) {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }
}
