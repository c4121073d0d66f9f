// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import dev.outboxrelay.sink.TransportKind;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a destination's URI points.
 *
 * @param scheme what the URI begins with
 * @param host a name, an IPv4 address, or an IPv6 address without its brackets
 * @param port 1 to 65535
 */
public record Endpoint(String scheme, String host, int port) {

  private static final Pattern URI =
      Pattern.compile("(tcp|tls)://(?:\\[([^\\[\\]]*)]|([^\\[\\]:]*)):([0-9]{1,5})");

  static Endpoint parse(String uri) {
    Matcher matcher = URI.matcher(uri);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "uri is '" + uri + "', need tcp://host:port or tls://host:port, IPv6 in brackets");
    }
    int port = Integer.parseInt(matcher.group(4));
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException("uri is '" + uri + "', need a port from 1 to 65535");
    }
    String address = matcher.group(2);
    if (address == null ? !HostName.isNameOrIpv4(matcher.group(3)) : !HostName.isIpv6(address)) {
      throw new IllegalArgumentException(
          "uri is '"
              + uri
              + "', need "
              + (address == null ? "a host name or an IPv4 address" : "an IPv6 address"));
    }
    String host = address == null ? matcher.group(3) : address;
    return new Endpoint(matcher.group(1), host, port);
  }

  /** Whether TLS is spoken. */
  public boolean secure() {
    return TransportKind.speaksTls(scheme);
  }

  @Override
  public String toString() {
    String shown = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
    return scheme + "://" + shown + ":" + port;
  }
}
