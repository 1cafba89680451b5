import django.db.models.deletion
import django_fsm
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial_squashed_0002'),
        ('tasks', '0001_initial_squashed_0008'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='LaterFinding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=255)),
                ('title', models.CharField(blank=True, max_length=500)),
                ('result', models.JSONField()),
                ('place', models.CharField(choices=[('none', 'Not in a file'), ('file', 'In a file'), ('uploaded', 'In an uploaded file'), ('taken_back', 'Taken back')], default='none', max_length=12)),
            ],
        ),
        migrations.AddField(
            model_name='release',
            name='answers_only',
            field=models.JSONField(blank=True, help_text='ids of submissions', null=True),
        ),
        migrations.CreateModel(
            name='LaterCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('versions', models.JSONField(help_text='ids of template versions')),
                ('definition', models.JSONField()),
                ('state', django_fsm.FSMField(choices=[('queued', 'Queued'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed')], default='queued', max_length=50, protected=True)),
                ('cursor_batch', models.BigIntegerField(default=0)),
                ('cursor', models.BigIntegerField(default=0)),
                ('total', models.PositiveIntegerField(default=0)),
                ('looked_at', models.PositiveIntegerField(default=0)),
                ('failing', models.PositiveIntegerField(default=0)),
                ('in_file', models.PositiveIntegerField(default=0)),
                ('uploaded', models.PositiveIntegerField(default=0)),
                ('taken_back', models.PositiveIntegerField(default=0)),
                ('created_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('company', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='later_checks', to='accounts.company')),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('stores', models.ManyToManyField(related_name='+', to='accounts.store')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tasks.templateversion')),
            ],
            bases=(django_fsm.ConcurrentTransitionMixin, models.Model),
        ),
        migrations.AddField(
            model_name='release',
            name='later_check',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='restores', to='tasks.latercheck'),
        ),
        migrations.AddConstraint(
            model_name='release',
            constraint=models.CheckConstraint(condition=models.Q(('restores__isnull', False), models.Q(('answers_only__isnull', True), ('later_check', None)), _connector='OR'), name='release_only_restores_a_part'),
        ),
        migrations.AddField(
            model_name='laterfinding',
            name='batch',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tasks.batch'),
        ),
        migrations.AddField(
            model_name='laterfinding',
            name='later_check',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='findings', to='tasks.latercheck'),
        ),
        migrations.AddField(
            model_name='laterfinding',
            name='submission',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tasks.submission'),
        ),
        migrations.AddField(
            model_name='laterfinding',
            name='worker',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='latercheck',
            index=models.Index(fields=['company', '-id'], name='later_check_latest'),
        ),
        migrations.AddConstraint(
            model_name='latercheck',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('finished_at__isnull', False), ('state__in', ['done', 'failed'])), models.Q(models.Q(('state__in', ['done', 'failed']), _negated=True), ('finished_at', None)), _connector='OR'), name='later_check_ended_has_time'),
        ),
        migrations.AddIndex(
            model_name='laterfinding',
            index=models.Index(fields=['later_check', 'id'], name='later_finding_in_order'),
        ),
        migrations.AddIndex(
            model_name='laterfinding',
            index=models.Index(fields=['later_check', 'place', 'id'], name='later_finding_by_place'),
        ),
        migrations.AddIndex(
            model_name='laterfinding',
            index=models.Index(fields=['later_check', 'worker', 'id'], name='later_finding_by_worker'),
        ),
        migrations.AddIndex(
            model_name='laterfinding',
            index=models.Index(fields=['batch', 'id'], name='later_finding_of_batch'),
        ),
        migrations.AddConstraint(
            model_name='laterfinding',
            constraint=models.UniqueConstraint(fields=('later_check', 'submission'), name='later_finding_once'),
        ),
        migrations.AddConstraint(
            model_name='laterfinding',
            constraint=models.CheckConstraint(condition=models.Q(('place__in', ['none', 'file', 'uploaded', 'taken_back'])), name='later_finding_place_known'),
        ),
    ]
