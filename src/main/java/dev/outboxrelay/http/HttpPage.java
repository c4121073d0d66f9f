// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.http;

import java.util.function.Supplier;

/**
 * What one request gives.
 *
 * @param reply makes it
 * @param mayBlock whether that may take a while: it is made on a thread beside then
 */
public record HttpPage(Supplier<HttpReply> reply, boolean mayBlock) {

  /** A reply that is there at once. */
  public static HttpPage now(HttpReply reply) {
    return new HttpPage(() -> reply, false);
  }
}
