import { Module } from '@nestjs/common';
import { CONFIG } from '@muster/service/tokens.js';
import type { PolicyConfig } from '../config.js';
import { SealingModule } from '../sealing/sealing.module.js';
import { Admissions } from './admissions.service.js';
import { BusLinks } from './bus-links.js';
import { HierarchyGrpcController } from './hierarchy.grpc.js';
import { JoinController } from './join.controller.js';
import { JoinParent } from './join-parent.service.js';
import { JoinTokenRepository } from './join-token.repository.js';
import { JoinTokens } from './join-tokens.service.js';
import { LeafPasswords } from './leaf-passwords.js';
import { LinkKeyNews } from './link-key-news.service.js';
import { OwnLinkKey } from './link-key.js';
import { OwnPlace } from './own-place.js';
import { ReplicatedSite } from './replicated-site.js';
import { ReplicationController } from './replication.controller.js';
import { ReplicationRequests } from './replication-requests.service.js';
import { SiteRepository } from './site.repository.js';
import { SitesController } from './sites.controller.js';
import { SiteViews } from './site-views.service.js';

@Module({
  imports: [SealingModule],
  controllers: [SitesController, JoinController, ReplicationController, HierarchyGrpcController],
  providers: [
    { provide: OwnLinkKey, inject: [CONFIG], useFactory: (config: PolicyConfig) => new OwnLinkKey(config) },
    SiteRepository,
    JoinTokenRepository,
    OwnPlace,
    LeafPasswords,
    BusLinks,
    ReplicatedSite,
    LinkKeyNews,
    JoinTokens,
    Admissions,
    JoinParent,
    SiteViews,
    ReplicationRequests,
  ],
  exports: [SiteRepository],
})
export class HierarchyModule {}
