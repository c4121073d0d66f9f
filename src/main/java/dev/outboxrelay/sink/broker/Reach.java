// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.broker;

import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.tcp.Endpoint;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;

/**
 * An address that the relay may connect to.
 *
 * @param endpoint the host that it stands for now
 */
public record Reach(Endpoint endpoint, InetAddress address) {
  private static final int MAX_ADDRESSES = 16;

  /**
   * Looks hosts up, and asks the policy about what each stands for now. Blocks.
   *
   * @throws IOException when nothing is left, in words
   */
  public static List<Reach> of(List<Endpoint> hosts, AddressPolicy policy) throws IOException {
    List<Reach> reachable = new ArrayList<>();
    String why = "";
    for (Endpoint host : hosts) {
      try {
        for (InetAddress address : InetAddress.getAllByName(host.host())) {
          if (policy.allows(host.host(), address) && reachable.size() < MAX_ADDRESSES) {
            reachable.add(new Reach(host, address));
          } else {
            why = "the address is not among those that the relay may connect to";
          }
        }
      } catch (UnknownHostException e) {
        why = "the host name is not known";
      }
    }
    if (reachable.isEmpty()) {
      throw new IOException(why);
    }
    return reachable;
  }
}
