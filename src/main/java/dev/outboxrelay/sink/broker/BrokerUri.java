// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.broker;

import dev.outboxrelay.sink.tcp.Endpoint;
import dev.outboxrelay.sink.tcp.HostName;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a broker is: hosts of one cluster, and a path whose meaning is the transport's.
 *
 * @param hosts one to ten
 * @param path what stands behind the hosts and their slash, empty when there is none
 */
public record BrokerUri(List<Endpoint> hosts, String path) {
  private static final int MAX_HOSTS = 10;
  private static final Pattern URI = Pattern.compile("([a-z+]+)://([^/?#@\\s]+)(?:/([!-\"$-~]*))?");
  private static final Pattern HOST =
      Pattern.compile("(?:\\[([^\\[\\]]*)]|([^\\[\\]:,]+))(?::([1-9][0-9]{0,4}))?");

  public BrokerUri {
    hosts = List.copyOf(hosts);
  }

  /**
   * Reads one.
   *
   * @param ports the schemes that are meant, and the port of each that need not be named
   * @throws IllegalArgumentException what is wrong with it
   */
  public static BrokerUri parse(String uri, Map<String, Integer> ports) {
    Matcher matcher = URI.matcher(uri);
    if (!matcher.matches() || !ports.containsKey(matcher.group(1))) {
      throw new IllegalArgumentException(
          "uri is '" + uri + "', need scheme://host:port,host:port/…, without a user");
    }
    String scheme = matcher.group(1);
    List<Endpoint> hosts = new ArrayList<>();
    for (String host : matcher.group(2).split(",", -1)) {
      hosts.add(endpoint(uri, scheme, host, ports.get(scheme)));
    }
    if (hosts.size() > MAX_HOSTS) {
      throw new IllegalArgumentException(
          "uri has " + hosts.size() + " hosts, at most " + MAX_HOSTS);
    }
    return new BrokerUri(hosts, matcher.group(3) == null ? "" : matcher.group(3));
  }

  private static Endpoint endpoint(String uri, String scheme, String text, int usualPort) {
    Matcher matcher = HOST.matcher(text);
    boolean sound = matcher.matches();
    String address = sound ? matcher.group(1) : null;
    String name = sound ? matcher.group(2) : null;
    sound =
        name != null ? HostName.isNameOrIpv4(name) : address != null && HostName.isIpv6(address);
    if (!sound) {
      throw new IllegalArgumentException(
          "uri is '" + uri + "', need host names or addresses, IPv6 in brackets");
    }
    int port = matcher.group(3) == null ? usualPort : Integer.parseInt(matcher.group(3));
    if (port > 65535) {
      throw new IllegalArgumentException("uri is '" + uri + "', need ports from 1 to 65535");
    }
    return new Endpoint(scheme, name == null ? String.valueOf(address) : name, port);
  }

  /** Whether TLS is spoken. */
  public boolean secure() {
    return hosts.get(0).secure();
  }
}
