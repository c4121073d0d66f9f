// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink;

import java.net.InetAddress;

/**
 * Where the relay may connect. Destinations are rows of a table, so whoever may write that table
 * could otherwise make the relay connect anywhere inside its network.
 */
public interface AddressPolicy {

  /** Every address is allowed. */
  AddressPolicy ANY = (host, address) -> true;

  /**
   * Decides on one address that a destination's host name stands for. Asked before each connection.
   *
   * @param host the host as the destination's URI gives it
   * @param address what it was resolved to just now
   */
  boolean allows(String host, InetAddress address);
}
