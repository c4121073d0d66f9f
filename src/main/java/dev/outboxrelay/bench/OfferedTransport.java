// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

/**
 * A transport that the user offers to be measured.
 *
 * @param uri as of a destination
 * @param options as of a destination, JSON
 */
record OfferedTransport(String uri, String options) {

  /** From the uri, and after a blank the options where there are any. */
  static OfferedTransport parse(String words) {
    int blank = words.indexOf(' ');
    return blank < 0
        ? new OfferedTransport(words, "{}")
        : new OfferedTransport(words.substring(0, blank), words.substring(blank + 1).strip());
  }

  String scheme() {
    int end = uri.indexOf("://");
    return end < 0 ? uri : uri.substring(0, end);
  }
}
