package dev.outboxrelay.sink.tcp;

import io.netty.util.NetUtil;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a destination's URI points.
 *
 * @param secure true for {@code tls://}
 * @param host a name, an IPv4 address, or an IPv6 address without its brackets
 * @param port 1 to 65535
 */
record Endpoint(boolean secure, String host, int port) {

  private static final Pattern URI =
      Pattern.compile(
          "(tcp|tls)://(?:\\[([0-9A-Fa-f:.]+)]|((?:LABEL\\.)*LABEL\\.?)):([0-9]{1,5})"
              .replace("LABEL", "[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?"));

  private static final int MAX_NAME_CHARS = 253;

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
    boolean address = matcher.group(2) != null;
    String host = address ? matcher.group(2) : matcher.group(3);
    if (address ? !NetUtil.isValidIpV6Address(host) : host.length() > MAX_NAME_CHARS) {
      throw new IllegalArgumentException(
          "uri is '" + uri + "', need " + (address ? "an IPv6 address" : "a shorter name"));
    }
    return new Endpoint(matcher.group(1).equals("tls"), host, port);
  }

  @Override
  public String toString() {
    String shown = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
    return (secure ? "tls://" : "tcp://") + shown + ":" + port;
  }
}
