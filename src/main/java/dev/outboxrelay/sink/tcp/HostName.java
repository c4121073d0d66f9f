// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Pattern;

/**
 * What can stand for a host. The trigger {@code outbox_internal.destination_sound} says the same in
 * SQL, so that nothing is saved that would be looked up in vain for ever; a test draws names and
 * holds the two against each other.
 */
public final class HostName {

  /** As many as a question to a name server can carry, without the dot at the end. */
  private static final int MAX_CHARS = 253;

  private static final String LABEL = "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?";
  private static final Pattern NAME = Pattern.compile("(?:LABEL\\.)*LABEL".replace("LABEL", LABEL));

  private static final String OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
  private static final Pattern IPV4 =
      Pattern.compile("(?:OCTET\\.){3}OCTET".replace("OCTET", OCTET));

  /**
   * Names that systems take for an address, each in its own way: 1.2.3 may be 1.2.0.3, and 010 may
   * be 8.
   */
  private static final Pattern NUMBERS =
      Pattern.compile("(?:NUMBER\\.)*NUMBER\\.?".replace("NUMBER", "(?:[0-9]+|0[xX][0-9A-Fa-f]*)"));

  private static final Pattern IPV6 = Pattern.compile("[0-9A-Fa-f:]*:(?:[0-9A-Fa-f]*|[0-9.]+)");

  private HostName() {}

  /** A name, with or without a dot at its end, or an IPv4 address of four plain numbers. */
  public static boolean isNameOrIpv4(String host) {
    if (NUMBERS.matcher(host).matches()) {
      return IPV4.matcher(host).matches();
    }
    String name = withoutFinalDot(host);
    return name.length() <= MAX_CHARS && NAME.matcher(name).matches();
  }

  /** An IPv6 address without brackets and without a zone. */
  public static boolean isIpv6(String host) {
    if (!IPV6.matcher(host).matches()) {
      return false;
    }
    String last = host.substring(host.lastIndexOf(':') + 1);
    if (last.indexOf('.') >= 0 && !IPV4.matcher(last).matches()) {
      return false;
    }
    try {
      // In brackets it is read and never looked up.
      InetAddress.getByName("[" + host + "]");
      return true;
    } catch (UnknownHostException e) {
      return false;
    }
  }

  static String withoutFinalDot(String name) {
    return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
  }
}
