// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** URIs of destinations, sound ones and odd ones. */
final class DrawnUri {

  private static final String LETTERS =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

  /** What is put into a host that would be sound without it. */
  private static final List<String> FOREIGN =
      List.of(
          "_",
          "-",
          ".",
          "..",
          "%",
          "%20",
          "@",
          ":",
          "/",
          "\\",
          "'",
          " ",
          "\t",
          "\n",
          "\u0001",
          "*",
          "\u00fc",
          "\u6f22",
          "\ud83d\ude00",
          "\u00a0",
          "\u3002",
          "\u200d",
          "\u0660",
          "xn--",
          "[");

  private static final List<String> ADDRESSES =
      List.of(
          "10.1.2.3",
          "255.255.255.255",
          "0.0.0.0",
          "256.1.1.1",
          "1.2.3",
          "1",
          "127.1",
          "010.1.2.3",
          "1.2.3.4.",
          "1.2.3.4.5",
          "0x7f.0.0.1",
          "0x7f000001",
          "2130706433",
          "9999999999",
          "1.2.3.a");

  private static final List<String> IPV6 =
      List.of(
          "::",
          "::1",
          "1::",
          "2001:db8::7",
          "2001:DB8::7",
          "::ffff:10.1.2.3",
          "::ffff:0:0",
          "::10.1.2.3",
          "64:ff9b::10.1.2.3",
          "1:2:3:4:5:6:7:8",
          "1:2:3:4:5:6:7::",
          "::2:3:4:5:6:7:8",
          "1:2:3:4:5:6:7",
          "1:2:3:4:5:6:7:8:9",
          "1::2::3",
          ":1",
          "1:",
          ":::",
          "12345::",
          "g::1",
          "fe80::1%eth0",
          "fe80::1%2",
          "::1/128",
          "::ffff:1.2.3",
          "::ffff:256.1.1.1",
          "::1.2.3.04",
          "1:2:3:4:5:6:1.2.3.4",
          "1:2:3:4:5:6:7:1.2.3.4",
          "1.2.3.4",
          "0001::0",
          "",
          "::1]",
          "[::1");

  private static final List<String> PORTS =
      List.of(
          "1",
          "80",
          "4000",
          "9702",
          "65535",
          "0",
          "65536",
          "99999",
          "100000",
          "00080",
          "",
          "-1",
          "080",
          "\uff18\uff10",
          " 80",
          "80 ",
          "8o",
          "0x50");

  private static final List<String> ENDS = List.of("/", "/path", "?a=b", "#f", "\n", ":1");

  private final Random random;

  DrawnUri(Random random) {
    this.random = random;
  }

  String draw() {
    String scheme = oneIn(15) ? one(List.of("TCP", "http", "tls ", "", "udp")) : tcpOrTls();
    String port = oneIn(3) ? one(PORTS) : one(PORTS.subList(0, 5));
    String user = oneIn(40) ? "user:secret@" : "";
    return scheme + "://" + user + bracketed() + ":" + port + (oneIn(20) ? one(ENDS) : "");
  }

  private String tcpOrTls() {
    return random.nextInt(3) == 0 ? "tcp" : "tls";
  }

  private String bracketed() {
    return oneIn(4) ? "[" + one(IPV6) + "]" : host();
  }

  /** A host as the URI has it, an IPv6 address without brackets among them. */
  String host() {
    return switch (random.nextInt(8)) {
      case 0 -> one(ADDRESSES);
      case 1 -> one(IPV6);
      case 2 -> longName();
      case 3, 4 -> withSomethingForeign(name());
      default -> name();
    };
  }

  private String name() {
    List<String> labels = new ArrayList<>();
    for (int more = 1 + random.nextInt(4); more > 0; more--) {
      labels.add((oneIn(6) ? "xn--" : "") + label(1 + random.nextInt(12)));
    }
    return String.join(".", labels) + (oneIn(6) ? "." : "");
  }

  private String label(int length) {
    StringBuilder label = new StringBuilder();
    for (int i = 0; i < length; i++) {
      boolean inside = i > 0 && i < length - 1;
      label.append(
          inside && oneIn(5)
              ? "-_".charAt(random.nextInt(2))
              : LETTERS.charAt(random.nextInt(LETTERS.length())));
    }
    return label.toString();
  }

  /** Labels of about 63 characters, names of about 253. */
  private String longName() {
    String name = label(62 + random.nextInt(3));
    if (random.nextBoolean()) {
      return name;
    }
    StringBuilder all = new StringBuilder();
    while (all.length() < 190) {
      all.append(label(47)).append('.');
    }
    int rest = 252 + random.nextInt(4) - all.length();
    return all.append(label(rest)).append(oneIn(2) ? "." : "").toString();
  }

  private String withSomethingForeign(String name) {
    int at = random.nextInt(name.length() + 1);
    return name.substring(0, at) + one(FOREIGN) + name.substring(at);
  }

  private boolean oneIn(int times) {
    return random.nextInt(times) == 0;
  }

  private String one(List<String> choices) {
    return choices.get(random.nextInt(choices.size()));
  }
}
