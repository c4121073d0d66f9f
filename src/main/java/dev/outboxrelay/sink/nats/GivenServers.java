// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.nats;

import dev.outboxrelay.sink.broker.Reach;
import io.nats.client.Options;
import io.nats.client.ServerPool;
import io.nats.client.support.NatsUri;
import java.net.InetAddress;
import java.net.URISyntaxException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The addresses that the relay may connect to, one after the other, and no others: what a server
 * tells of its neighbours is not used. On the connecting thread alone.
 */
final class GivenServers implements ServerPool {
  private final Deque<NatsUri> left = new ArrayDeque<>();
  private final List<String> all = new ArrayList<>();
  private final boolean secure;

  GivenServers(List<Reach> reachable) throws URISyntaxException {
    secure = reachable.get(0).endpoint().secure();
    for (Reach each : reachable) {
      NatsUri uri =
          new NatsUri(
              (secure ? "tls://" : "nats://")
                  + literal(each.address())
                  + ":"
                  + each.endpoint().port());
      left.add(uri);
      all.add(uri.toString());
    }
  }

  private static String literal(InetAddress address) {
    String text = address.getHostAddress();
    return text.indexOf(':') < 0 ? text : "[" + text.replaceAll("%.*", "") + "]";
  }

  @Override
  public void initialize(Options options) {}

  @Override
  public boolean acceptDiscoveredUrls(List<String> discoveredServers) {
    return false;
  }

  @Override
  public @Nullable NatsUri peekNextServer() {
    return left.peek();
  }

  @Override
  public @Nullable NatsUri nextServer() {
    return left.poll();
  }

  @Override
  @Deprecated
  public List<String> resolveHostToIps(String host) {
    return List.of(host);
  }

  @Override
  public void connectSucceeded(NatsUri uri) {}

  @Override
  public void connectFailed(NatsUri uri) {}

  @Override
  public List<String> getServerList() {
    return all;
  }

  @Override
  public boolean hasSecureServer() {
    return secure;
  }
}
