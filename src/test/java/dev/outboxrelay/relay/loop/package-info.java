@NullMarked
package dev.outboxrelay.relay.loop;

import org.jspecify.annotations.NullMarked;
