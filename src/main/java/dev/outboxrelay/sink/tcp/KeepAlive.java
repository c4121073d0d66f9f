// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.nio.NioChannelOption;
import java.io.IOException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.spi.SelectorProvider;
import java.util.Map;
import java.util.Set;
import jdk.net.ExtendedSocketOptions;

/**
 * TCP keepalive, at a pace at which an idle connection whose peer has vanished is found in a minute
 * and a half, and not by the first message that then waits for its answer in vain. The system's own
 * pace (two hours) stays where it cannot be set.
 */
final class KeepAlive {

  private static final Map<SocketOption<Integer>, Integer> PACE =
      Map.of(
          ExtendedSocketOptions.TCP_KEEPIDLE, 60,
          ExtendedSocketOptions.TCP_KEEPINTERVAL, 10,
          ExtendedSocketOptions.TCP_KEEPCOUNT, 3);

  private static final Set<SocketOption<?>> SUPPORTED = supported();

  private KeepAlive() {}

  static void on(Bootstrap bootstrap) {
    bootstrap.option(ChannelOption.SO_KEEPALIVE, true);
    PACE.forEach(
        (option, value) -> {
          if (SUPPORTED.contains(option)) {
            bootstrap.option(NioChannelOption.of(option), value);
          }
        });
  }

  private static Set<SocketOption<?>> supported() {
    try (var probe = SelectorProvider.provider().openSocketChannel()) {
      return probe.supportedOptions();
    } catch (IOException e) {
      return Set.of(StandardSocketOptions.SO_KEEPALIVE);
    }
  }
}
