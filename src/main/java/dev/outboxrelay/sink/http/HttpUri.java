// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.http;

import dev.outboxrelay.sink.tcp.Endpoint;
import dev.outboxrelay.sink.tcp.HostName;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where requests go.
 *
 * @param endpoint what is connected to
 * @param target path and query, as they stand in the request line
 */
record HttpUri(Endpoint endpoint, String target) {

  private static final Pattern URI =
      Pattern.compile(
          "(https?)://(?:\\[([^\\[\\]]*)]|([^\\[\\]:/?#@]+))(?::([0-9]{1,5}))?(/[!-\"$-~]*)?");

  static HttpUri parse(String uri) {
    Matcher matcher = URI.matcher(uri);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "uri is '" + uri + "', need http://host/path or https://host/path, without a user");
    }
    String address = matcher.group(2);
    if (address == null ? !HostName.isNameOrIpv4(matcher.group(3)) : !HostName.isIpv6(address)) {
      throw new IllegalArgumentException(
          "uri is '" + uri + "', need a host name or an address, IPv6 in brackets");
    }
    String scheme = matcher.group(1);
    String port = matcher.group(4);
    int number = port == null ? defaultPort(scheme) : Integer.parseInt(port);
    if (number < 1 || number > 65535) {
      throw new IllegalArgumentException("uri is '" + uri + "', need a port from 1 to 65535");
    }
    String host = address == null ? matcher.group(3) : address;
    String path = matcher.group(5);
    return new HttpUri(new Endpoint(scheme, host, number), path == null ? "/" : path);
  }

  private static int defaultPort(String scheme) {
    return scheme.equals("https") ? 443 : 80;
  }

  /** The header Host. */
  String authority() {
    String host = endpoint.host();
    String shown = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
    boolean usual = endpoint.port() == defaultPort(endpoint.scheme());
    return usual ? shown : shown + ":" + endpoint.port();
  }
}
